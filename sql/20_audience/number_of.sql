create or replace function postbell.number_of(phone text) returns text
language sql immutable parallel safe
-- chr(160) is the space that a word processor puts there.
return translate(phone, ' ().-' || chr(160), '');

comment on function postbell.number_of(text) is
    'A phone number without what people write between its digits: what is stopped for one way of writing is stopped for all.';
