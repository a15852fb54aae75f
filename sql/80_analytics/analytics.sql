-- Runs with its owner's rights: it shows numbers only. Each day is looked up by itself, so that a query for some days
-- reads only those, by finished_delivery_time_idx; there is no index by tenant.
create or replace view postbell.analytics_daily as
with site as materialized (
    select
        id as tenant_id,
        case when postbell.is_time_zone(time_zone) then time_zone else 'UTC' end as time_zone
    from postbell.tenant
),

-- The range of instants that belong to a day in the time zone of some tenant.
day as (
    select
        listed::date as day,
        -- Some zones put clocks back across midnight, so a day may begin earlier.
        min(listed at time zone zone.name) - interval '2 hours' as from_at,
        max((listed + interval '1 day') at time zone zone.name) + interval '2 hours' as until_at
    from generate_series(
        -- Ids are nearly in order of emission. Events may be kept for a shorter time than the log, or a longer one.
        least(
            (select created_at::date - 2 from postbell_private.notification order by id limit 1),
            (select created_at::date - 2 from postbell.delivery order by id limit 1)
        )::timestamp,
        (postbell.clock()::date + 2)::timestamp,
        interval '1 day'
    ) as listed
    cross join (select distinct time_zone as name from site) as zone
    group by listed::date
)

select
    counted.tenant_id,
    day.day,
    counted.event,
    counted.channel,
    sum(counted.wanted)::bigint as wanted,
    coalesce(sum(counted.wanted) filter (where counted.why_not is not null), 0)::bigint as skipped,
    coalesce(jsonb_object_agg(counted.why_not, counted.wanted) filter (where counted.why_not is not null), '{}') as skipped_by_reason,
    sum(counted.pending)::bigint as pending,
    sum(counted.sent)::bigint as sent,
    sum(counted.delivered)::bigint as delivered,
    sum(counted.bounced)::bigint as bounced,
    sum(counted.failed)::bigint as failed,
    sum(counted.opened)::bigint as opened,
    sum(counted.clicked)::bigint as clicked,
    sum(counted.read)::bigint as read,
    max(counted.seconds[1]) filter (where counted.why_not is null) as median_seconds,
    max(counted.seconds[2]) filter (where counted.why_not is null) as p99_seconds
from day
cross join lateral (
    select
        d.tenant_id,
        d.event,
        line.channel,
        line.why_not,
        count(*) as wanted,
        count(*) filter (where line.is_row and d.state in ('queued', 'sending', 'waiting', 'unknown')) as pending,
        count(d.sent_at) filter (where line.is_row) as sent,
        count(*) filter (where line.is_row and d.state = 'delivered') as delivered,
        count(*) filter (where line.is_row and d.state = 'bounced') as bounced,
        count(*) filter (where line.is_row and d.state in ('failed', 'refused')) as failed,
        count(d.opened_at) filter (where line.is_row) as opened,
        count(d.clicked_at) filter (where line.is_row) as clicked,
        count(item.read_at) filter (where line.is_row) as read,
        percentile_cont(array[0.5, 0.99]) within group (
            order by extract(epoch from d.sent_at - greatest(d.created_at, n.deliver_at))::double precision
        -- Deliveries that waited for quiet hours say nothing about latency, nor those whose deliver_at is not known any more.
        ) filter (where line.is_row and d.decision = 'now' and n.id is not null) as seconds
    from postbell.delivery as d
    join site on site.tenant_id = d.tenant_id
    left join postbell_private.notification as n on n.id = d.notification_id
    left join postbell.inbox_item as item
        on d.channel in (select name from postbell.channel where is_kept) and item.recipient_id = d.recipient_id and item.tenant_id = d.tenant_id and item.id = d.id
    -- The channel of the row, and those that were decided against.
    cross join lateral (
        select
            true as is_row,
            d.channel::text as channel,
            case when d.state in ('skipped', 'expired', 'cancelled') then coalesce(d.reason, d.decision_reason) end as why_not

        union all
        select false, skipped.channel, skipped.reason
        from postbell.skipped_channels(d.not_sent) as skipped
    ) as line
    where d.created_at >= day.from_at
      and d.created_at < day.until_at
      and (d.created_at at time zone site.time_zone)::date = day.day
    group by d.tenant_id, d.event, line.channel, line.why_not
) as counted
group by counted.tenant_id, day.day, counted.event, counted.channel;

comment on view postbell.analytics_daily is
    'Deliveries of the events of each day, by tenant, event and channel. Filter by day (day >= current_date - 30), and by tenant if possible, to read only those. wanted = skipped + pending + failed + bounced + delivered + those that are sent and not known to be delivered.';
comment on column postbell.analytics_daily.tenant_id is 'The tenant.';
comment on column postbell.analytics_daily.day is 'The day on which the events were emitted, in the tenant''s time zone. Later changes count on the same day.';
comment on column postbell.analytics_daily.event is 'A key of postbell.event_type.';
comment on column postbell.analytics_daily.channel is 'A name in postbell.channel.';
comment on column postbell.analytics_daily.wanted is 'Deliveries that were decided about, one for each person and channel of an event.';
comment on column postbell.analytics_daily.skipped is 'Deliveries that were stopped before they were sent: skipped, expired or cancelled.';
comment on column postbell.analytics_daily.skipped_by_reason is 'The number of skipped deliveries for each reason: {"switched_off": 3}. Reasons are those of postbell.delivery_log.';
comment on column postbell.analytics_daily.pending is 'Deliveries that may still be sent, or whose outcome is unknown: queued, sending, waiting or unknown.';
comment on column postbell.analytics_daily.sent is 'Deliveries that a provider, an inbox or the stream accepted, whatever their state is now.';
comment on column postbell.analytics_daily.delivered is 'Deliveries that are known to have arrived. Inbox items always have; for other channels it takes receipts of the provider.';
comment on column postbell.analytics_daily.bounced is 'Deliveries that bounced.';
comment on column postbell.analytics_daily.failed is 'Deliveries that were given up, or that a provider refused. postbell.dead_letters lists them, and the bounced ones.';
comment on column postbell.analytics_daily.opened is 'E-mails that were opened, if the tenant tracks it. An estimate, because mailboxes load pictures on their own.';
comment on column postbell.analytics_daily.clicked is 'E-mails in which a link was followed, if the tenant tracks it. An estimate, because scanners follow links.';
comment on column postbell.analytics_daily.read is 'Inbox items that are read, and still kept.';
comment on column postbell.analytics_daily.median_seconds is 'The median time from the INSERT of the event, or from deliver_at, to sending, in seconds. It covers sent deliveries that did not wait for quiet hours and whose events are still kept; null if there are none.';
comment on column postbell.analytics_daily.p99_seconds is 'The 99th percentile of the same.';


-- Runs with its owner's rights: it shows numbers only, and counts suppressions without their addresses.
create or replace view postbell.analytics_channel_health as
with tried as materialized (
    select
        d.channel::text as channel,
        a.provider,
        a.outcome,
        a.latency_ms::double precision as latency_ms,
        a.attempted_at
    from postbell.attempt as a
    join postbell.delivery as d on d.id = a.delivery_id
    join postbell.channel as outgoing on outgoing.name = d.channel and outgoing.is_outgoing
    where a.attempted_at >= postbell.clock() - interval '1 day'

    union all

    -- Inbox and stream never fail, and have no attempts. There is an index by the time of the event.
    select d.channel::text, d.provider, 'sent', null, d.sent_at
    from postbell.delivery as d
    join postbell.channel as own on own.name = d.channel
    where not own.is_outgoing
      and d.created_at >= postbell.clock() - interval '1 day'
      and d.sent_at >= postbell.clock() - interval '1 day'
),

suppressed_address as (
    select channel::text as channel, suppressed_at
    from postbell.suppression
    where expires_at > postbell.clock()
)

select
    channel.name as channel,
    counted.provider,
    period.name as period,
    counted.attempts,
    counted.sent,
    counted.retried,
    counted.refused,
    counted.failed,
    counted.unknown,
    counted.share_of_failures,
    counted.median_ms,
    counted.p99_ms,
    counted.last_at,
    case when counted.is_whole then (select count(*) from suppressed_address where suppressed_address.channel = channel.name) end as suppressed,
    case
        when counted.is_whole
            then (select count(*) from suppressed_address where suppressed_address.channel = channel.name and suppressed_address.suppressed_at >= period.since_at)
    end as newly_suppressed
from postbell.channel
cross join (
    values
    ('hour', postbell.clock() - interval '1 hour'),
    ('day', postbell.clock() - interval '1 day')
) as period (name, since_at)
cross join lateral (
    select
        tried.provider,
        grouping(tried.provider) = 1 as is_whole,
        count(*) as attempts,
        count(*) filter (where tried.outcome = 'sent') as sent,
        count(*) filter (where tried.outcome in ('retry', 'passed_on')) as retried,
        count(*) filter (where tried.outcome = 'refused') as refused,
        count(*) filter (where tried.outcome = 'failed') as failed,
        count(*) filter (where tried.outcome = 'unknown') as unknown,
        round(
            count(*) filter (where tried.outcome in ('retry', 'passed_on', 'refused', 'failed'))::numeric / nullif(count(*), 0), 4
        ) as share_of_failures,
        percentile_cont(0.5) within group (order by tried.latency_ms) as median_ms,
        percentile_cont(0.99) within group (order by tried.latency_ms) as p99_ms,
        max(tried.attempted_at) as last_at
    from tried
    where tried.channel = channel.name
      and tried.attempted_at >= period.since_at
    -- The empty set makes a row of the whole channel, even without attempts.
    group by grouping sets ((tried.provider), ())
) as counted;

comment on view postbell.analytics_channel_health is
    'The attempts and failures of each channel, and of each of its providers, over the last hour and the last day. A message with three attempts counts three times.';
comment on column postbell.analytics_channel_health.channel is 'A name in postbell.channel.';
comment on column postbell.analytics_channel_health.provider is 'The configured name of the provider; inbox and stream are Postbell itself. Null for the whole channel.';
comment on column postbell.analytics_channel_health.period is 'The period until now: hour or day.';
comment on column postbell.analytics_channel_health.attempts is 'The calls of the provider; for push, one for each device. For the inbox and the stream, the messages of events that were emitted in the last day.';
comment on column postbell.analytics_channel_health.sent is 'Attempts that the provider accepted.';
comment on column postbell.analytics_channel_health.retried is 'Attempts that failed and were followed by a retry, or by a call of the next provider.';
comment on column postbell.analytics_channel_health.refused is 'Attempts that the provider refused for good.';
comment on column postbell.analytics_channel_health.failed is 'Attempts that failed and were the last of their message.';
comment on column postbell.analytics_channel_health.unknown is 'Attempts of unknown outcome, for instance because the connection was lost.';
comment on column postbell.analytics_channel_health.share_of_failures is 'The share of the attempts that were retried, refused or failed, 0 to 1; null without attempts.';
comment on column postbell.analytics_channel_health.median_ms is 'The median duration of a call, in milliseconds; null if none was measured.';
comment on column postbell.analytics_channel_health.p99_ms is 'The 99th percentile of the same.';
comment on column postbell.analytics_channel_health.last_at is 'When the last attempt was made.';
comment on column postbell.analytics_channel_health.suppressed is 'The suppressed addresses of the channel at present; null in the row of a provider.';
comment on column postbell.analytics_channel_health.newly_suppressed is 'Those that were suppressed in the period; null in the row of a provider.';
