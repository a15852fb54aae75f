create or replace function postbell.ring_gateways() returns void
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

comment on function postbell.ring_gateways() is
    'Whoever wrote to the stream log calls this in the same transaction: it rings at commit, if a gateway sleeps.';
