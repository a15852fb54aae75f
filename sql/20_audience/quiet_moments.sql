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
            select zone
            from unnest(array[q.time_zone, person.time_zone, site.time_zone, 'UTC']) with ordinality as known (zone, place)
            where postbell.is_time_zone(zone)
            order by place
            limit 1
        ) as home
        where q.tenant_id = postbell.current_tenant()
          and q.recipient_id = postbell.current_recipient()
          and q.day = any(days)
    ),

    -- A window that began yesterday may still have its end before it.
    near as (
        select own.*, (postbell.clock() at time zone own.zone)::date + ahead as local_day
        from own
        cross join generate_series(-1, 7) as ahead
    )

    select moment.at
    from near
    cross join lateral (values
        (postbell.instant_of(local_day + starts, zone)),
        (postbell.instant_of(local_day + case when ends > starts then 0 else 1 end + ends, zone) - interval '1 minute')
    ) as moment (at)
    where extract(isodow from local_day) = day
      and moment.at > postbell.clock()
    order by moment.at
    limit 4
$$;

comment on function postbell.quiet_moments(integer[]) is
    'Coming moments at which it shows what the quiet hours of these weekdays do, for the person of this session: when a window starts, and the minute before it ends.';
