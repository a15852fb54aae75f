create or replace function postbell.contract() returns integer
language sql immutable
return 2;

comment on function postbell.contract() is
    'The number that schema and daemon must share. A daemon refuses a schema of another contract.';
