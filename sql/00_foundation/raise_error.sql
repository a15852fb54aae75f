create or replace function postbell.raise_error(name text, detail text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_error record;
begin
    select code, way_out into strict v_error
    from postbell.error_codes
    where name = raise_error.name;

    raise exception using
        errcode = v_error.code,
        message = replace(raise_error.name, '_', ' ') || ': ' || detail,
        hint = v_error.way_out;
end
$$;

comment on function postbell.raise_error(text, text) is
    'Raises the named error of postbell.error_codes with its SQLSTATE and its way out.';
