create or replace function postbell.require_value(name text, value anyelement) returns anyelement
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if value is null or value::text = '' then
        perform postbell.raise_error('invalid_argument', name || ' is missing');
    end if;
    return value;
end
$$;

comment on function postbell.require_value(text, anyelement) is 'The value; raises invalid_argument if it is null or empty.';
