create or replace function postbell.isolate(call text, items anyarray)
returns table (place integer, code text, message text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_many constant integer := coalesce(cardinality(items), 0);
    v_code text;
    v_message text;
begin
    if v_many = 0 then
        return;
    end if;

    begin
        execute 'select ' || call using items;
        return;
    exception
        when others then
            if not postbell.is_content_error(sqlstate) then
                raise;
            end if;
            v_code := sqlstate;
            v_message := sqlerrm;
    end;

    if v_many = 1 then
        return query values (1, v_code, v_message);
        return;
    end if;
    -- Close in on the bad ones, in order; the others go their way.
    return query
    select half.place, half.code, half.message
    from postbell.isolate(call, items[:v_many / 2]) as half;
    return query
    select half.place + v_many / 2, half.code, half.message
    from postbell.isolate(call, items[v_many / 2 + 1:]) as half;
end
$$;

comment on function postbell.isolate(text, anyarray) is
    'Calls one of our functions with many items at once ($1). Where the content of some makes it fail, it is called with halves of them, until those few are found. Returns their places in the list, each with its SQLSTATE and message; the call has done its work for all others.';
