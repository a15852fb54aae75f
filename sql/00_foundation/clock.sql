create or replace function postbell.clock() returns timestamptz
language sql stable
return now();

comment on function postbell.clock() is
    'The time by which Postbell decides. A test replaces this function to move the clock.';
