create or replace view postbell.queue_depth
with (security_invoker = true) as
select
    tenant_id,
    channel::text as channel,
    priority::text as priority,
    sum(cardinality(delivery_ids)) as queued,
    null::bigint as waiting,
    min(created_at) as oldest_at
from postbell.batch
group by tenant_id, channel, priority

union all

select
    w.tenant_id,
    d.channel::text,
    d.priority::text,
    null,
    count(*),
    min(w.due_at)
from postbell.waiting_delivery as w
join postbell.delivery as d on d.id = w.delivery_id
group by w.tenant_id, d.channel, d.priority;

comment on view postbell.queue_depth is 'How many deliveries are queued, since when, and how many wait for a later time, and for which at the earliest.';
comment on column postbell.queue_depth.channel is 'in_app, email, sms, push or sse.';
comment on column postbell.queue_depth.priority is 'low, normal, high or critical; the higher ones are sent first.';
comment on column postbell.queue_depth.queued is 'Deliveries to be sent now; null in a row of those that wait.';
comment on column postbell.queue_depth.waiting is 'Deliveries that wait for a later time, such as the end of quiet hours; null in a row of queued ones.';
comment on column postbell.queue_depth.oldest_at is 'Since when the first is queued; or when the first that waits is due.';
