create or replace function postbell.clock() returns timestamptz
language sql stable
return now();

comment on function postbell.clock() is
    'Returns the time that Postbell''s decisions use, now(). Tests replace this function to move the clock.';


create or replace function postbell.is_time_zone(zone text) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    -- PostgreSQL also accepts POSIX rules ("EST5EDT4") and abbreviations, which other libraries do not.
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
    'Whether a text is an IANA time zone name that the server knows, such as Europe/Paris or UTC.';


create or replace function postbell_private.first_known_zone(zones text[]) returns text
language sql stable
as $$
    select coalesce(
        (
            select zone
            from unnest(zones) with ordinality as named (zone, place)
            where postbell.is_time_zone(zone)
            order by place
            limit 1
        ),
        'UTC'
    )
$$;

comment on function postbell_private.first_known_zone(text[]) is
    'Returns the first name in a list that is a time zone; UTC if none is. A typical list has the zones of the quiet hours, the person and the tenant.';


create or replace function postbell_private.instant_near_change(wall_clock timestamp, zone text) returns timestamptz
language sql stable
as $$
    -- A wall-clock time has up to two candidate instants, one for each UTC offset in force around it.
    with offsets as (
        select distinct (near at time zone zone) - (near at time zone 'UTC') as ahead
        from (values
            (wall_clock at time zone 'UTC' - interval '1 day'),
            (wall_clock at time zone 'UTC' + interval '1 day')
        ) as around (near)
    ),

    instants as (
        select (wall_clock - ahead) at time zone 'UTC' as instant
        from offsets
    )

    select coalesce(
        -- In a fold both instants exist; the first is taken.
        (select min(instant) from instants where instant at time zone zone = wall_clock),
        -- In a gap neither exists; the first instant after it is taken. Offsets change on whole minutes.
        (
            select min(minute)
            from (select min(instant) as since, max(instant) as until from instants) as bounds,
                lateral generate_series(date_trunc('minute', since), until, interval '1 minute') as minute
            where minute at time zone zone > wall_clock
        ),
        wall_clock at time zone zone
    )
$$;

comment on function postbell_private.instant_near_change(timestamp, text) is
    'Returns what postbell_private.instant_of() does, for a wall-clock time within a day of a change of the UTC offset.';


create or replace function postbell_private.instant_of(wall_clock timestamp, zone text) returns timestamptz
language sql stable
return case
    -- The UTC offset is the same a day before and a day after. Nearly always, and much cheaper.
    when (wall_clock at time zone 'UTC' - interval '24 hours') at time zone zone + interval '48 hours'
        = (wall_clock at time zone 'UTC' + interval '24 hours') at time zone zone
        then wall_clock at time zone zone
    else postbell_private.instant_near_change(wall_clock, zone)
end;

comment on function postbell_private.instant_of(timestamp, text) is
    'Returns the instant at which clocks in a zone show a wall-clock time. If daylight saving makes it occur twice, the first; if it skips the time, the end of the gap.';
