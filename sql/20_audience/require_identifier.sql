create or replace function postbell.require_identifier(name text, value text) returns void
language plpgsql stable
as $$
begin
    if coalesce(value, '') = '' then
        perform postbell.raise_error('invalid_argument', name || ' is empty');
    elsif length(value) > 255 then
        perform postbell.raise_error('value_too_long', name || ' has ' || length(value) || ' characters');
    end if;
end
$$;

comment on function postbell.require_identifier(text, text) is 'Raises unless the value has 1 to 255 characters.';
