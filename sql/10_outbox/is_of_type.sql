create or replace function postbell.is_of_type(value jsonb, type text) returns boolean
language sql immutable parallel safe
-- The preview holds payloads against the same rules, in dispatcher/rendering/payload.py.
return case type
    when 'text' then jsonb_typeof(value) = 'string'
    when 'id' then jsonb_typeof(value) = 'string' or jsonb_typeof(value) = 'number' and value #>> '{}' ~ '^-?[0-9]+$'
    when 'amount' then jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^-?[0-9]{1,18}(\.[0-9]{1,9})?$'
    when 'integer' then jsonb_typeof(value) = 'number' and value #>> '{}' ~ '^-?[0-9]{1,18}$'
    when 'number' then jsonb_typeof(value) = 'number'
    when 'boolean' then jsonb_typeof(value) = 'boolean'
    when 'date' then jsonb_typeof(value) = 'string' and postbell.is_iso_date(value #>> '{}')
    when 'timestamp' then jsonb_typeof(value) = 'string'
        and value #>> '{}' ~ '^.{10}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?)?$'
        and postbell.is_iso_date(left(value #>> '{}', 10))
    when 'url' then jsonb_typeof(value) = 'string'
        and value #>> '{}' ~ '^https?://([^\x01-\x20\x7f/?#@:\\\[\]]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][^\x01-\x20\x7f]*)?$'
    when 'list' then jsonb_typeof(value) = 'array'
    when 'object' then jsonb_typeof(value) = 'object'
    else false
end;

comment on function postbell.is_of_type(jsonb, text) is
    'Whether a payload value is of a declared type: text, id, amount (a decimal string), integer, number, boolean, date, timestamp (ISO 8601), url (absolute, of http or https, without a login in it), list, object.';
