create or replace function postbell.normal_address(channel text, address text) returns text
language sql immutable parallel safe
-- By the database's rules for letters, whatever the collation of the column that it comes from.
return lower(case when channel = 'sms' then postbell.number_of(address) else trim(address) end collate "default");

comment on function postbell.normal_address(text, text) is 'An address as suppressions have it, however it was written. Whatever compares addresses compares these.';
