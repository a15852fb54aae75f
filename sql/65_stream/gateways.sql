create or replace function postbell_private.acquire_gateway_lock() returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
-- Queued, so that one writer after the other cannot keep a gateway out, but not behind one that stays open.
set lock_timeout = '250ms'
as $$
begin
    perform pg_advisory_lock_shared(1919512167, 4);
    return true;
exception
    when lock_not_available then
        return false;
end
$$;

comment on function postbell_private.acquire_gateway_lock() is
    'A gateway is there until its session ends: from now on it is told of every change of an inbox. False while somebody is in flight who thought that nobody is.';


create or replace function postbell_private.is_gateway_present() returns boolean
language sql
return not pg_try_advisory_xact_lock(1919512167, 4);

comment on function postbell_private.is_gateway_present() is
    'Whether a gateway may be there. If not, none comes before this transaction has ended: its changes of inboxes need not be told.';


create or replace function postbell_private.acquire_gateway_sleep_lock() returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    for v_place in 0 .. 3 loop
        -- Try, never queue: a queued exclusive request would make every writer behind it ring.
        if pg_try_advisory_lock(1919512167, v_place) then
            return v_place;
        end if;
    end loop;
    return null;
end
$$;

comment on function postbell_private.acquire_gateway_sleep_lock() is
    'A gateway sleeps: from now on whoever writes to the stream log rings. Returns its place; null while somebody who did not ring is in flight, or four others sleep. Look once more after it, then wait.';


create or replace function postbell_private.release_gateway_sleep_lock(place integer) returns boolean
language sql
return pg_advisory_unlock(1919512167, place);

comment on function postbell_private.release_gateway_sleep_lock(integer) is 'A gateway wakes and gives up its place: for its sake nobody need ring.';


create or replace function postbell_private.notify_gateways() returns void
language plpgsql
as $$
begin
    -- As with the router, a NOTIFY is paid for only while a gateway sleeps. There may be several, so there are places
    -- to sleep in, each an exclusive lock. Who gets all of them shared keeps them to the commit, and need not ring.
    if coalesce(current_setting('postbell.wake', true), '') <> 'off'
        and not (
            pg_try_advisory_xact_lock_shared(1919512167, 0)
            and pg_try_advisory_xact_lock_shared(1919512167, 1)
            and pg_try_advisory_xact_lock_shared(1919512167, 2)
            and pg_try_advisory_xact_lock_shared(1919512167, 3)
        )
    then
        perform pg_notify('postbell_stream', '');
    end if;
end
$$;

comment on function postbell_private.notify_gateways() is
    'Whoever wrote to the stream log calls this in the same transaction: it rings at commit, if a gateway sleeps.';
