create or replace function postbell.instant_of(wall_clock timestamp, zone text) returns timestamptz
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

comment on function postbell.instant_of(timestamp, text) is
    'The instant at which clocks in a zone show a time: the first of two in a fold, the end of the gap when they never do.';
