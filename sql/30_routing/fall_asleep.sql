create or replace function postbell.fall_asleep() returns boolean
language sql
-- Try, never queue: a queued exclusive request would make every producer behind it ring.
return pg_try_advisory_lock(1886351214, 1);

comment on function postbell.fall_asleep() is
    'From now on producers ring. False while a producer that did not ring is still in flight. Look once more after it, then wait.';
