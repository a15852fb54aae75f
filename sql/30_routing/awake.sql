create or replace function postbell.awake() returns boolean
language sql
return pg_advisory_unlock(1886351214, 1);

comment on function postbell.awake() is 'From now on producers need not ring.';
