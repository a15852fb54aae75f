create or replace function postbell_private.is_content_error(code text) returns boolean
language sql immutable parallel safe
return left(code, 2) in ('21', '22', '23', '54');

comment on function postbell_private.is_content_error(text) is
    'Whether an SQLSTATE is caused by the content of a row: cardinality, data, a constraint or a program limit. Other errors, such as a lost lock, a full disk or a bug, are not the row''s fault and are retried.';


create or replace function postbell_private.is_transient_error(code text) returns boolean
language sql immutable parallel safe
return left(code, 2) in ('40', '53', '55', '57', '58', 'XX');

comment on function postbell_private.is_transient_error(text) is
    'Whether an SQLSTATE is transient: a deadlock, a serialization failure, lack of resources, a lock not available, a cancelled statement, or a failure of the server. The caller retries; data and schema are not at fault.';


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
    -- Bisect to find the bad items, in order; the others are processed.
    return query
    select half.place, half.code, half.message
    from postbell_private.isolate(call, items[:v_many / 2]) as half;
    return query
    select half.place + v_many / 2, half.code, half.message
    from postbell_private.isolate(call, items[v_many / 2 + 1:]) as half;
end
$$;

comment on function postbell_private.isolate(text, anyarray) is
    'Calls a function with many items at once ($1) and isolates the items that make it fail. If the content of some items fails, the call is repeated with halves until those items are found. Returns their positions, each with its SQLSTATE and message; all other items are processed.';


create or replace function postbell_private.require_durable_commit() returns void
language plpgsql
as $$
begin
    -- Never weaker than the operator's setting: remote_write and remote_apply stay.
    if current_setting('synchronous_commit') in ('off', 'local') then
        perform set_config('synchronous_commit', 'on', true);
    end if;
end
$$;

comment on function postbell_private.require_durable_commit() is
    'Makes the transaction''s commit wait until it is on disk, whatever the default of synchronous_commit. Used where a provider is about to be called, or where a sender that gets an answer does not repeat its message.';
