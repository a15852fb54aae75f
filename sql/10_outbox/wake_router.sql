create or replace function postbell.wake_router() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_notify('postbell_wake', '');
    return null;
end
$$;

comment on function postbell.wake_router() is 'Rings the doorbell of a sleeping router at commit.';

-- A sleeping router holds this lock exclusively, an awake one not at all. A producer that gets the shared
-- lock keeps it to its commit and need not ring: the router cannot fall asleep before seeing it.
-- So NOTIFY, whose commit takes a lock across the database, is paid for only when somebody sleeps.
create or replace trigger wake_router
after insert on postbell.outbox
for each statement
when (
    coalesce(current_setting('postbell.wake', true), '') <> 'off'
    and not pg_try_advisory_xact_lock_shared(1886351214, 1)
)
execute function postbell.wake_router();

comment on trigger wake_router on postbell.outbox is 'Wakes the router, if it sleeps. A session that prepares transactions sets postbell.wake = off.';
