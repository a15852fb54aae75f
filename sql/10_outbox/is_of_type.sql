create or replace function postbell.is_of_type(value jsonb, type text) returns boolean
language sql immutable parallel safe
return case type
    when 'text' then jsonb_typeof(value) = 'string'
    when 'id' then jsonb_typeof(value) in ('string', 'number')
    when 'amount' then jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^-?\d{1,18}(\.\d{1,9})?$'
    when 'integer' then jsonb_typeof(value) = 'number' and value #>> '{}' ~ '^-?\d{1,18}$'
    when 'number' then jsonb_typeof(value) = 'number'
    when 'boolean' then jsonb_typeof(value) = 'boolean'
    when 'date' then jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$'
    when 'timestamp' then jsonb_typeof(value) = 'string'
        and value #>> '{}' ~ '^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?$'
    when 'url' then jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^(https?://|/)[^\s]*$'
    when 'list' then jsonb_typeof(value) = 'array'
    when 'object' then jsonb_typeof(value) = 'object'
    else false
end;

comment on function postbell.is_of_type(jsonb, text) is
    'Whether a payload value is of a declared type: text, id, amount (a decimal string), integer, number, boolean, date, timestamp (ISO 8601), url, list, object.';
