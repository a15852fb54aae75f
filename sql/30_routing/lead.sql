create or replace function postbell.lead() returns void
language sql
begin atomic
    select pg_advisory_lock(1886351214, 2);
end;

comment on function postbell.lead() is 'Waits until no other session leads, then leads until the session ends.';
