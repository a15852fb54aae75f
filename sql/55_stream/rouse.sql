create or replace function postbell.rouse(place integer) returns boolean
language sql
return pg_advisory_unlock(1919512167, place);

comment on function postbell.rouse(integer) is 'A gateway wakes and gives up its place: for its sake nobody need ring.';
