create or replace function postbell.attend() returns void
language sql
begin atomic
    select pg_advisory_lock_shared(1919512167, 4);
end;

comment on function postbell.attend() is
    'A gateway is there until its session ends: from now on it is told of every change of an inbox. Waits for those who are in flight and thought that nobody is.';
