create or replace view postbell.queue_depth
with (security_invoker = true) as
select
    tenant_id,
    channel::text as channel,
    priority::text as priority,
    sum(cardinality(delivery_ids)) as queued,
    null::bigint as waiting,
    min(created_at) as oldest_at,
    null::bigint as scheduled,
    null::bigint as being_fanned_out
from postbell.batch
group by tenant_id, channel, priority

union all

select
    w.tenant_id,
    d.channel::text,
    d.priority::text,
    null,
    count(*),
    min(w.due_at),
    null,
    null
from postbell.waiting_delivery as w
join postbell.delivery as d on d.id = w.delivery_id
group by w.tenant_id, d.channel, d.priority

union all

select
    tenant_id,
    null,
    priority::text,
    null,
    null,
    min(due_at),
    count(*),
    null
from postbell.scheduled_notification
group by tenant_id, priority

union all

select
    tenant_id,
    null,
    priority::text,
    null,
    null,
    min(started_at),
    null,
    count(*)
from postbell.fanout
group by tenant_id, priority;

comment on view postbell.queue_depth is 'How many deliveries are queued, since when, and how many wait for a later time, and for which at the earliest; and how many events are not yet decided about for all their people.';
comment on column postbell.queue_depth.channel is 'in_app, email, sms, push or sse; null in a row of events, which have none before they are decided about.';
comment on column postbell.queue_depth.priority is 'low, normal, high or critical; the higher ones are sent first.';
comment on column postbell.queue_depth.queued is 'Deliveries to be sent now; null in a row of those that wait.';
comment on column postbell.queue_depth.waiting is 'Deliveries that wait for a later time, such as the end of quiet hours; null in a row of queued ones.';
comment on column postbell.queue_depth.oldest_at is 'Since when the first is queued, or the first large audience is being told; or when the first that waits or is scheduled is due.';
comment on column postbell.queue_depth.scheduled is 'Events for a later time; who is told is decided then. Null in other rows.';
comment on column postbell.queue_depth.being_fanned_out is 'Events whose large audience is being told, some people at a time. Null in other rows.';
