create or replace function postbell.is_transient_error(code text) returns boolean
language sql immutable parallel safe
return left(code, 2) in ('40', '53', '55', '57', '58', 'XX');

comment on function postbell.is_transient_error(text) is
    'Whether an SQLSTATE blames the moment: a deadlock, a serialization failure, no room, a lock not got, a cancelled statement, the server itself. That is for the caller to retry, and says nothing about the data or the schema.';
