create or replace function postbell_private.acquire_gateway_lock() returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
-- Waits, so that a series of writers cannot starve a gateway, but not for a transaction that stays open.
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
    'Takes the shared lock of a running gateway until the session ends, so that changes of inboxes are written to the stream from now on. Returns false while a transaction is open that saw no gateway.';


create or replace function postbell_private.is_gateway_present() returns boolean
language sql
return not pg_try_advisory_xact_lock(1919512167, 4);

comment on function postbell_private.is_gateway_present() is
    'Whether a gateway may be running. If not, none can start before this transaction ends, which need not write changes of inboxes to the stream.';


create or replace function postbell_private.acquire_gateway_sleep_lock() returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    for v_place in 0 .. 3 loop
        -- Never waits for the lock: a queued exclusive request would make every later writer notify.
        if pg_try_advisory_lock(1919512167, v_place) then
            return v_place;
        end if;
    end loop;
    return null;
end
$$;

comment on function postbell_private.acquire_gateway_sleep_lock() is
    'Takes one of four locks of sleeping gateways, so that writers to the stream notify from now on. Returns the number of the lock; null while a writer that need not notify has not committed, or four other gateways sleep. After it, the gateway must read the stream once more before it waits.';


create or replace function postbell_private.release_gateway_sleep_lock(place integer) returns boolean
language sql
return pg_advisory_unlock(1919512167, place);

comment on function postbell_private.release_gateway_sleep_lock(integer) is 'Releases the lock of a sleeping gateway, so that writers need not notify it.';


create or replace function postbell_private.notify_gateways() returns void
language plpgsql
as $$
begin
    -- As with the router, NOTIFY is used only while a gateway sleeps. There may be several gateways, so there are several
    -- locks; each sleeping gateway holds one exclusively. A writer that gets all of them shared need not notify.
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
    'Notifies sleeping gateways at commit. Every transaction that writes to the stream calls it.';
