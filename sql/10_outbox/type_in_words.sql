create or replace function postbell.type_in_words(type text) returns text
language sql immutable parallel safe
return case type
    when 'text' then 'a string'
    when 'id' then 'a string or a whole number'
    when 'amount' then 'a decimal string such as ''19.90'''
    when 'integer' then 'a whole number of up to 18 digits'
    when 'number' then 'a number'
    when 'boolean' then 'true or false'
    when 'date' then 'a string such as ''2026-03-01'''
    when 'timestamp' then 'a string such as ''2026-03-01T09:00:00Z'''
    when 'url' then 'an absolute https:// or http:// address'
    when 'list' then 'a list'
    when 'object' then 'an object'
    else 'of a type that is known'
end;

comment on function postbell.type_in_words(text) is 'What a payload field of a declared type has to be; see postbell.is_of_type().';
