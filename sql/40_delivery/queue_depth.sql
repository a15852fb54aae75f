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
