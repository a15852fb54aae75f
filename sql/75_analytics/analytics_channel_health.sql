-- Runs as its owner: it tells numbers, of nobody in particular, and counts suppressions without their addresses.
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
    where a.attempted_at >= postbell.clock() - interval '1 day'
),

barred as (
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
    case when counted.is_whole then (select count(*) from barred where barred.channel = channel.name) end as suppressed,
    case
        when counted.is_whole
            then (select count(*) from barred where barred.channel = channel.name and barred.suppressed_at >= period.since_at)
    end as newly_suppressed
from (values ('in_app'), ('email'), ('sms'), ('push'), ('sse')) as channel (name)
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
        count(*) filter (where tried.outcome = 'retry') as retried,
        count(*) filter (where tried.outcome = 'refused') as refused,
        count(*) filter (where tried.outcome = 'failed') as failed,
        count(*) filter (where tried.outcome = 'unknown') as unknown,
        round(
            count(*) filter (where tried.outcome in ('retry', 'refused', 'failed'))::numeric / nullif(count(*), 0), 4
        ) as share_of_failures,
        percentile_cont(0.5) within group (order by tried.latency_ms) as median_ms,
        percentile_cont(0.99) within group (order by tried.latency_ms) as p99_ms,
        max(tried.attempted_at) as last_at
    from tried
    where tried.channel = channel.name
      and tried.attempted_at >= period.since_at
    -- The channel as a whole is there even if nothing was tried on it.
    group by grouping sets ((tried.provider), ())
) as counted;

comment on view postbell.analytics_channel_health is
    'How each channel and each of its providers did over the last hour and the last day. Attempts are calls of a provider: a message that was tried three times counts three times.';
comment on column postbell.analytics_channel_health.channel is 'in_app, email, sms, push or sse.';
comment on column postbell.analytics_channel_health.provider is 'Its configured name; inbox and stream are our own. Null: the channel as a whole.';
comment on column postbell.analytics_channel_health.period is 'hour or day: the last one, until now.';
comment on column postbell.analytics_channel_health.attempts is 'Calls of the provider; for push, one for each device.';
comment on column postbell.analytics_channel_health.sent is 'It took the message.';
comment on column postbell.analytics_channel_health.retried is 'It did not, and was asked again, or the next provider was.';
comment on column postbell.analytics_channel_health.refused is 'It will never take this message.';
comment on column postbell.analytics_channel_health.failed is 'The last try that a message had.';
comment on column postbell.analytics_channel_health.unknown is 'Nobody knows whether it took the message: the connection was lost.';
comment on column postbell.analytics_channel_health.share_of_failures is 'Of the attempts, those retried, refused or failed: 0 to 1; null without attempts.';
comment on column postbell.analytics_channel_health.median_ms is 'Milliseconds that a call took; null where none is measured.';
comment on column postbell.analytics_channel_health.p99_ms is 'The same, for all but the slowest in a hundred.';
comment on column postbell.analytics_channel_health.last_at is 'The latest attempt.';
comment on column postbell.analytics_channel_health.suppressed is 'Addresses that must not be written to on the channel, now; null beside a provider.';
comment on column postbell.analytics_channel_health.newly_suppressed is 'Of these, those suppressed in the period; null beside a provider.';
