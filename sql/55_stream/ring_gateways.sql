create or replace function postbell.ring_gateways() returns trigger
language plpgsql
as $$
begin
    perform pg_notify('postbell_stream', '');
    return null;
end
$$;

comment on function postbell.ring_gateways() is 'Rings the doorbell of the gateways at commit.';

-- As the router's doorbell: a NOTIFY is paid for only while a gateway sleeps. There may be several, so there are
-- eight places to sleep in, each an exclusive lock. A writer that gets all of them shared keeps them to its commit.
create or replace trigger ring_gateways
after insert on postbell.stream_event
for each statement
when (
    coalesce(current_setting('postbell.wake', true), '') <> 'off'
    and not (
        pg_try_advisory_xact_lock_shared(1919512167, 0)
        and pg_try_advisory_xact_lock_shared(1919512167, 1)
        and pg_try_advisory_xact_lock_shared(1919512167, 2)
        and pg_try_advisory_xact_lock_shared(1919512167, 3)
        and pg_try_advisory_xact_lock_shared(1919512167, 4)
        and pg_try_advisory_xact_lock_shared(1919512167, 5)
        and pg_try_advisory_xact_lock_shared(1919512167, 6)
        and pg_try_advisory_xact_lock_shared(1919512167, 7)
    )
)
execute function postbell.ring_gateways();

comment on trigger ring_gateways on postbell.stream_event is 'Wakes the gateways, if one sleeps.';
