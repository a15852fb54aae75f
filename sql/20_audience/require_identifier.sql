create or replace function postbell.require_identifier(name text, value text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(value, '') = '' then
        perform postbell.raise_error('invalid_argument', name || ' is empty');
    end if;
    perform postbell.require_short(name, value);
end
$$;

comment on function postbell.require_identifier(text, text) is 'Raises unless the value has 1 to 255 characters.';
