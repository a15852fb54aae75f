create or replace view postbell.delivery_log
with (security_invoker = true) as
select
    id as delivery_id,
    notification_id as outbox_id,
    tenant_id,
    recipient_id,
    event,
    channel,
    state,
    coalesce(reason, decision_reason) as reason,
    attempts,
    provider,
    provider_message_id,
    due_at,
    created_at,
    sent_at,
    delivered_at,
    opened_at,
    clicked_at,
    template_version
from postbell.delivery;

comment on view postbell.delivery_log is
    'Every channel of every recipient of every event, with what became of it; skipped ones with their reason. postbell.texts_used() tells which texts of the database a template_version has.';
comment on column postbell.delivery_log.delivery_id is 'Of one channel for one person. An item of postbell.inbox has the same.';
comment on column postbell.delivery_log.outbox_id is 'The event; postbell.explain() says what was decided about it.';
comment on column postbell.delivery_log.channel is 'A name in postbell.channel.';
comment on column postbell.delivery_log.state is 'queued, sending or waiting; sent or delivered; skipped, expired or cancelled; unknown; refused, failed or bounced.';
comment on column postbell.delivery_log.reason is 'Why it is in its state, else why it was decided so the last time; postbell.explain() says it too. Of what is sent, on every channel, the decision: wanted, forced or muted.';
comment on column postbell.delivery_log.attempts is 'How often it was tried.';
comment on column postbell.delivery_log.provider is 'Who took it, or had it last, by its configured name; inbox and stream are our own.';
comment on column postbell.delivery_log.provider_message_id is 'What the provider calls it.';
comment on column postbell.delivery_log.due_at is 'When it is to go out, if that is not at once.';
comment on column postbell.delivery_log.created_at is 'When the event was emitted.';
comment on column postbell.delivery_log.sent_at is 'When a provider, or the inbox, took it.';
comment on column postbell.delivery_log.delivered_at is 'When the provider reported that it arrived.';
comment on column postbell.delivery_log.opened_at is 'The first time; only where the tenant asks and the person does not refuse.';
comment on column postbell.delivery_log.clicked_at is 'The first link that was followed, likewise.';
comment on column postbell.delivery_log.template_version is 'What its text was made of: a hash of the event''s templates, a dot, the number of the tenant''s branding. See postbell.texts_used().';


create or replace view postbell.dead_letters
with (security_invoker = true) as
select
    d.id as delivery_id,
    d.notification_id as outbox_id,
    d.tenant_id,
    d.recipient_id,
    d.event,
    d.channel,
    d.state,
    d.reason,
    d.attempts,
    d.provider,
    d.created_at,
    dead.died_at
from postbell.dead_letter as dead
join postbell.delivery as d on d.id = dead.delivery_id;

comment on view postbell.dead_letters is 'Deliveries given up on. postbell.retry() sends them again.';
comment on column postbell.dead_letters.delivery_id is 'What postbell.retry() and postbell.delivery_timeline take.';
comment on column postbell.dead_letters.outbox_id is 'The event; postbell.explain() says why it was sent at all.';
comment on column postbell.dead_letters.state is 'refused: it will never be taken; failed: tried too often, or a provider never said whether it was sent; bounced: it came back.';
comment on column postbell.dead_letters.reason is 'Of the last try; null where its state says it all.';
comment on column postbell.dead_letters.attempts is 'How often it was tried; waiting for a provider to come back does not count.';
comment on column postbell.dead_letters.provider is 'Who had it last, by its configured name.';
comment on column postbell.dead_letters.created_at is 'When the event was emitted.';
comment on column postbell.dead_letters.died_at is 'When it was given up.';


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
comment on column postbell.queue_depth.channel is 'A name in postbell.channel; null in a row of events, which have none before they are decided about.';
comment on column postbell.queue_depth.priority is 'low, normal, high or critical; the higher ones are sent first.';
comment on column postbell.queue_depth.queued is 'Deliveries to be sent now; null in a row of those that wait.';
comment on column postbell.queue_depth.waiting is 'Deliveries that wait for a later time, such as the end of quiet hours; null in a row of queued ones.';
comment on column postbell.queue_depth.oldest_at is 'Since when the first is queued, or the first large audience is being told; or when the first that waits or is scheduled is due.';
comment on column postbell.queue_depth.scheduled is 'Events for a later time; who is told is decided then. Null in other rows.';
comment on column postbell.queue_depth.being_fanned_out is 'Events whose large audience is being told, some people at a time. Null in other rows.';
