create or replace function postbell.exact_amount(name text, value anyelement) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if pg_typeof(value) in ('real'::regtype, 'double precision'::regtype) then
        perform postbell.raise_error('invalid_argument', name || ' is a float, which is never exact: give a numeric or a text');
    elsif not postbell.is_of_type(to_jsonb(value::text), 'amount') then
        perform postbell.raise_error('invalid_argument', name || ' is no amount such as 19.90 but ' || left(value::text, 50));
    end if;
    return value::text;
end
$$;

comment on function postbell.exact_amount(text, anyelement) is 'An amount as payloads have it, a decimal string; null stays null. Raises invalid_argument for a float and for what is no amount.';
