create or replace function postbell.is_time_zone(zone text) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    -- PostgreSQL also takes POSIX rules ("EST5EDT4") and abbreviations, which no other library reads.
    if zone is null or zone !~ '^(UTC|[A-Za-z_]+(/[A-Za-z0-9_+-]+)+)$' then
        return false;
    end if;
    perform now() at time zone zone;
    return true;
exception
    when invalid_parameter_value then
        return false;
end
$$;

comment on function postbell.is_time_zone(text) is
    'Whether this is an IANA time zone name known to the server, such as Europe/Paris or UTC.';
