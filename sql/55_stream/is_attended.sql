create or replace function postbell.is_attended() returns boolean
language sql
return not pg_try_advisory_xact_lock(1919512167, 4);

comment on function postbell.is_attended() is
    'Whether a gateway may be there. If not, none comes before this transaction has ended: its changes of inboxes need not be told.';
