create or replace function postbell.patience_with(channel text) returns interval
language sql immutable parallel safe
-- A text is tried for up to ten hours, and the last word on it comes after that.
return case when channel = 'sms' then interval '12 hours' else interval '1 hour' end;

comment on function postbell.patience_with(text) is 'How long a delivery of unknown outcome waits for its provider''s word before it is given up.';
