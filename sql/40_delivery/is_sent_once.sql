create or replace function postbell.is_sent_once(channel text) returns boolean
language sql immutable parallel safe
return channel = 'sms';

comment on function postbell.is_sent_once(text) is
    'Whether a second copy of a message does harm: then what may have been sent is never sent again.';
