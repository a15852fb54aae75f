create or replace function postbell_private.is_content_error(code text) returns boolean
language sql immutable parallel safe
return left(code, 2) in ('21', '22', '23', '54');

comment on function postbell_private.is_content_error(text) is
    'Whether an SQLSTATE blames what stands in a row: too many of something, its data, a constraint, a limit of the program. Anything else (a lost lock, a full disk, our own mistake) is not the row''s fault, and is tried again.';


create or replace function postbell_private.is_transient_error(code text) returns boolean
language sql immutable parallel safe
return left(code, 2) in ('40', '53', '55', '57', '58', 'XX');

comment on function postbell_private.is_transient_error(text) is
    'Whether an SQLSTATE blames the moment: a deadlock, a serialization failure, no room, a lock not got, a cancelled statement, the server itself. That is for the caller to retry, and says nothing about the data or the schema.';


create or replace function postbell_private.isolate(call text, items anyarray)
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
            if not postbell_private.is_content_error(sqlstate) then
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
    from postbell_private.isolate(call, items[:v_many / 2]) as half;
    return query
    select half.place + v_many / 2, half.code, half.message
    from postbell_private.isolate(call, items[v_many / 2 + 1:]) as half;
end
$$;

comment on function postbell_private.isolate(text, anyarray) is
    'Calls one of our functions with many items at once ($1). Where the content of some makes it fail, it is called with halves of them, until those few are found. Returns their places in the list, each with its SQLSTATE and message; the call has done its work for all others.';


create or replace function postbell_private.require_durable_commit() returns void
language plpgsql
as $$
begin
    -- Only ever more than the operator chose: remote_write and remote_apply stay.
    if current_setting('synchronous_commit') in ('off', 'local') then
        perform set_config('synchronous_commit', 'on', true);
    end if;
end
$$;

comment on function postbell_private.require_durable_commit() is
    'Has the transaction wait at its commit until it is on disk, whatever the database''s default: something is about to leave the house, or was answered that nobody will say again.';
