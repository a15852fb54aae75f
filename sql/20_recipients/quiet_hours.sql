create or replace function postbell_private.window_length(starts time, ends time) returns interval
language sql immutable parallel safe
return ends - starts + case when ends > starts then interval '0' else interval '24 hours' end;

comment on function postbell_private.window_length(time, time) is 'Returns the length of a window of quiet hours in local time: a whole day if it ends when it starts.';


create or replace function postbell_private.seconds_ahead(zone text) returns integer
language plpgsql stable
as $$
declare
    v_now constant timestamptz := postbell.clock();
begin
    -- After a larger change, as when a country moves across the date line, the offset of now does not hold for these days.
    if (v_now + interval '72 hours') at time zone zone - (v_now - interval '72 hours') at time zone zone
        between interval '143 hours' and interval '145 hours'
    then
        return extract(epoch from (v_now at time zone zone) - (v_now at time zone 'UTC'));
    end if;
    return null;
exception
    when invalid_parameter_value then
        return null;
end
$$;

comment on function postbell_private.seconds_ahead(text) is
    'Returns how far a time zone is ahead of UTC now, in seconds. Null if the server does not know the zone, or its offset changes by more than an hour within three days.';


create or replace function postbell_private.is_near_window(moment interval, day smallint, starts time, ends time) returns boolean
language sql immutable parallel safe
-- In a window of this week or of last week, or shortly before one of next week.
return moment - (make_interval(days => day - 1) + starts::interval)
        between interval '-3 hours' and interval '3 hours' + postbell_private.window_length(starts, ends)
    or moment - (make_interval(days => day - 1) + starts::interval)
        <= interval '-6 days -21 hours' + postbell_private.window_length(starts, ends)
    or moment - (make_interval(days => day - 1) + starts::interval) >= interval '6 days 21 hours';

comment on function postbell_private.is_near_window(interval, smallint, time, time) is
    'Whether a local time, counted from Monday 0:00, is within three hours of a window of quiet hours, which is more than clocks are changed by. The cheap test before postbell_private.quiet_until().';


create or replace function postbell_private.quiet_until(
    tenant_id text, recipient text, channel text, at timestamptz, home_zone text, is_wary boolean default false
) returns timestamptz
language plpgsql stable
as $$
#variable_conflict use_column
declare
    v_at timestamptz := at;
    v_until timestamptz;
begin
    -- A window may end where the next begins, or within a second of it. Such windows are followed for a week and a
    -- day at most.
    for step in 1..9 loop
        select max(window_end) into v_until
        from (
            select
                postbell_private.instant_of(local_day + starts, zone) as window_start,
                postbell_private.instant_of(local_day + starts + postbell_private.window_length(starts, ends), zone) as window_end
            from (
                select
                    *,
                    case
                        when not is_wary then coalesce(q.time_zone, home_zone)
                        else postbell_private.first_known_zone(array[q.time_zone, home_zone])
                    end as zone
                from postbell.quiet_hours as q
                where q.tenant_id = quiet_until.tenant_id
                  and q.recipient_id = quiet_until.recipient
                  and quiet_until.channel = any(q.channels)
            ) as own
            -- A window that contains this time started today or yesterday, or starts at the next midnight.
            cross join lateral (values
                ((v_at at time zone zone)::date),
                ((v_at at time zone zone)::date - 1),
                ((v_at at time zone zone)::date + 1)
            ) as near (local_day)
            where extract(isodow from local_day) = day
        ) as windows
        where window_start < v_at + case step when 1 then interval '1 microsecond' else interval '1 second' end
          and window_end > v_at;

        exit when v_until is null;
        v_at := v_until;
    end loop;

    -- Windows without an end are ignored; a message would wait for ever.
    return case when v_until is null then nullif(v_at, at) end;
exception
    -- A time zone that the server does not know must not fail a whole batch; the next zone in the list is used. Zones
    -- are checked only after such a failure, because the check costs more than the rest.
    when invalid_parameter_value then
        if is_wary then
            raise;
        end if;
        return postbell_private.quiet_until(
            quiet_until.tenant_id, quiet_until.recipient, quiet_until.channel, at, home_zone, is_wary => true
        );
end
$$;

comment on function postbell_private.quiet_until(text, text, text, timestamptz, text, boolean) is
    'Returns when the quiet hours of a person on a channel end that are in force at a time; null if there are none, or if they never end. is_wary checks each time zone first: that of the window, else the person''s, else UTC.';


create or replace function postbell.quiet_moments(days integer[]) returns table (at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    with own as (
        select q.day, q.starts, q.ends, home.zone
        from postbell.quiet_hours as q
        join postbell.recipient as person on person.tenant_id = q.tenant_id and person.id = q.recipient_id
        join postbell.tenant as site on site.id = q.tenant_id
        cross join lateral (
            select postbell_private.first_known_zone(array[q.time_zone, person.time_zone, site.time_zone]) as zone
        ) as home
        where q.tenant_id = postbell.current_tenant()
          and q.recipient_id = postbell.current_recipient()
          and q.day = any(days)
    ),

    -- A window that started yesterday may end later.
    near as (
        select own.*, (postbell.clock() at time zone own.zone)::date + ahead as local_day
        from own
        cross join generate_series(-1, 7) as ahead
    )

    select moment.at
    from near
    cross join lateral (values
        (postbell_private.instant_of(local_day + starts, zone)),
        (postbell_private.instant_of(local_day + starts + postbell_private.window_length(starts, ends), zone) - interval '1 minute')
    ) as moment (at)
    where extract(isodow from local_day) = day
      and moment.at > postbell.clock()
    order by moment.at
    limit 4
$$;

comment on function postbell.quiet_moments(integer[]) is
    'Returns upcoming times for a preview of quiet hours on some weekdays, for the person of this session: when each window starts, and the minute before it ends.';


create or replace function postbell_private.reachable_time(tenant_id text, recipient text, channel text) returns interval
language sql stable
as $$
    -- In an arbitrary week, by the current UTC offsets, because windows of different zones may overlap.
    with own as (
        select
            day, starts, ends,
            (postbell.clock() at time zone home.zone) - (postbell.clock() at time zone 'UTC') as ahead
        from postbell.quiet_hours as q
        join postbell.recipient as person on person.tenant_id = q.tenant_id and person.id = q.recipient_id
        join postbell.tenant as site on site.id = q.tenant_id
        cross join lateral (
            select postbell_private.first_known_zone(array[q.time_zone, person.time_zone, site.time_zone]) as zone
        ) as home
        where q.tenant_id = reachable_time.tenant_id
          and q.recipient_id = reachable_time.recipient
          and reachable_time.channel = any(q.channels)
    ),

    quiet as (
        select coalesce(
            range_agg(tsrange(
                date '2024-01-01' + start_day + starts - ahead,
                date '2024-01-01' + start_day + starts + postbell_private.window_length(starts, ends) - ahead
            )),
            '{}'
        ) as times
        from own
        cross join lateral (values (day - 8), (day - 1), (day + 6)) as week (start_day)
    )

    select coalesce(sum(upper(free) - lower(free)), '0')
    from quiet
    cross join lateral unnest(tsmultirange(tsrange('2024-01-01', '2024-01-08')) - quiet.times) as free
$$;

comment on function postbell_private.reachable_time(text, text, text) is
    'Returns how long in a week a channel may reach a person outside their quiet hours.';


create or replace function postbell_private.require_reachable_time() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_channel text;
begin
    select named.channel into v_channel
    from (
        select q.tenant_id, q.recipient_id, held.channel
        from postbell.quiet_hours as q
        cross join lateral unnest(q.channels) as held (channel)
        where (q.tenant_id, q.recipient_id) in (select tenant_id, recipient_id from changed)
        group by q.tenant_id, q.recipient_id, held.channel
        -- A cheap bound that ignores overlaps, so that an import of many people rarely needs the exact check.
        having sum(postbell_private.window_length(q.starts, q.ends)) > interval '167 hours'
        -- Keeps the planner from running the exact check first.
        offset 0
    ) as named
    where postbell_private.reachable_time(named.tenant_id, named.recipient_id, named.channel) < interval '1 hour'
    order by named.channel
    limit 1;
    if found then
        perform postbell.raise_error(
            'invalid_quiet_hours', 'for ' || v_channel || ', all of them together leave less than an hour a week'
        );
    end if;
    return null;
end
$$;

comment on function postbell_private.require_reachable_time() is
    'Raises invalid_quiet_hours if quiet hours leave a channel less than an hour a week, since messages would wait for ever. Switching the channel off serves that purpose.';


create or replace trigger require_reachable_time_after_insert
after insert on postbell.quiet_hours
referencing new table as changed
for each statement
execute function postbell_private.require_reachable_time();

comment on trigger require_reachable_time_after_insert on postbell.quiet_hours is 'New quiet hours leave an hour a week.';


create or replace trigger require_reachable_time_after_update
after update on postbell.quiet_hours
referencing new table as changed
for each statement
execute function postbell_private.require_reachable_time();

comment on trigger require_reachable_time_after_update on postbell.quiet_hours is 'Changed quiet hours leave an hour a week.';


create or replace function postbell_private.check_quiet_channels() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if new.channels is null then
        new.channels := array(select name from postbell.channel where is_interrupting order by position);
    elsif exists (
        select
        from unnest(new.channels) as named (channel)
        left join postbell.channel on channel.name = named.channel
        where channel.is_kept is not false
    ) then
        perform postbell.raise_error(
            'invalid_channel',
            (select 'quiet hours are for ' || postbell.in_words(array_agg(name order by position)) from postbell.channel where not is_kept)
        );
    end if;
    return new;
end
$$;

comment on function postbell_private.check_quiet_channels() is
    'Raises invalid_channel if quiet hours name an unknown channel or one that keeps messages (is_kept). Quiet hours without channels get those that interrupt.';


create or replace trigger check_quiet_channels
before insert or update of channels on postbell.quiet_hours
for each row
execute function postbell_private.check_quiet_channels();

comment on trigger check_quiet_channels on postbell.quiet_hours is 'See postbell_private.check_quiet_channels().';


create or replace function postbell.set_quiet_hours(
    recipient text,
    starts time,
    ends time,
    days integer[] default '{1,2,3,4,5,6,7}',
    time_zone text default null,
    channels text[] default null,
    tenant_id text default 'default'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell.require_recipient(set_quiet_hours.tenant_id, set_quiet_hours.recipient);
    if set_quiet_hours.time_zone is not null and not postbell.is_time_zone(set_quiet_hours.time_zone) then
        perform postbell.raise_error('invalid_time_zone', set_quiet_hours.time_zone);
    end if;
    if not set_quiet_hours.days <@ array[1, 2, 3, 4, 5, 6, 7] then
        perform postbell.raise_error('invalid_argument', 'days are 1 (Monday) to 7 (Sunday)');
    end if;
    if (set_quiet_hours.starts is null) <> (set_quiet_hours.ends is null) then
        perform postbell.raise_error('invalid_argument', 'starts and ends are both given, or both null to end the quiet hours');
    end if;

    delete from postbell.quiet_hours
    where tenant_id = set_quiet_hours.tenant_id
      and recipient_id = set_quiet_hours.recipient
      and day = any(set_quiet_hours.days);

    if set_quiet_hours.starts is not null then
        insert into postbell.quiet_hours (tenant_id, recipient_id, day, starts, ends, time_zone, channels)
        select distinct
            set_quiet_hours.tenant_id, set_quiet_hours.recipient, day,
            set_quiet_hours.starts, set_quiet_hours.ends, set_quiet_hours.time_zone, set_quiet_hours.channels
        from unnest(set_quiet_hours.days) as day;
    end if;
end
$$;

comment on function postbell.set_quiet_hours is
    'Sets the quiet hours of a person that start on some weekdays (1 is Monday); other days stay as they are. Null starts and ends remove them. Times are wall-clock times in time_zone, else in the person''s zone. Without channels, quiet hours are for those that interrupt. Each channel must keep at least an hour a week outside quiet hours.';
