create or replace function postbell.reachable_time(tenant_id text, recipient text, channel text) returns interval
language sql stable
as $$
    -- Any week will do, by the offsets from UTC that hold now: a window of one zone may touch one of another.
    with own as (
        select
            day, starts, ends,
            (postbell.clock() at time zone home.zone) - (postbell.clock() at time zone 'UTC') as ahead
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
        where q.tenant_id = reachable_time.tenant_id
          and q.recipient_id = reachable_time.recipient
          and reachable_time.channel = any(q.channels)
    ),

    quiet as (
        select coalesce(
            range_agg(tsrange(
                date '2024-01-01' + start_day + starts - ahead,
                date '2024-01-01' + start_day + case when ends > starts then 0 else 1 end + ends - ahead
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

comment on function postbell.reachable_time(text, text, text) is
    'For how long in a week a channel may reach a person, all their quiet windows together.';
