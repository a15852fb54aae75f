create or replace function postbell.attend() returns boolean
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

comment on function postbell.attend() is
    'A gateway is there until its session ends: from now on it is told of every change of an inbox. False while somebody is in flight who thought that nobody is.';
