create or replace function postbell.require_short(name text, value text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if length(value) > 255 then
        perform postbell.raise_error('value_too_long', name || ' has ' || length(value) || ' characters');
    end if;
end
$$;

comment on function postbell.require_short(text, text) is 'Raises value_too_long if the value has more than 255 characters.';
