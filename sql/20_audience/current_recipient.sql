create or replace function postbell.current_recipient() returns text
language sql stable parallel safe
return nullif(current_setting('postbell.recipient', true), '');

comment on function postbell.current_recipient() is 'The person whose rows this session may read: set postbell.recipient.';
