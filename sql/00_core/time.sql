create or replace function postbell.clock() returns timestamptz
language sql stable
return now();

comment on function postbell.clock() is
    'The time by which Postbell decides. A test replaces this function to move the clock.';


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
    'The first of these that is a time zone, such as a quiet window''s, a person''s and their tenant''s; UTC if none is.';


create or replace function postbell_private.instant_of(wall_clock timestamp, zone text) returns timestamptz
language sql stable
as $$
    -- A wall-clock time has up to two instants, one per offset in force around it.
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
        -- In a fold both are real and the first is meant.
        (select min(instant) from instants where instant at time zone zone = wall_clock),
        -- In a gap neither is: the first instant after it. Offsets change on whole minutes.
        (
            select min(minute)
            from (select min(instant) as since, max(instant) as until from instants) as bounds,
                lateral generate_series(date_trunc('minute', since), until, interval '1 minute') as minute
            where minute at time zone zone > wall_clock
        ),
        wall_clock at time zone zone
    )
$$;

comment on function postbell_private.instant_of(timestamp, text) is
    'The instant at which clocks in a zone show a time: the first of two in a fold, the end of the gap when they never do.';
