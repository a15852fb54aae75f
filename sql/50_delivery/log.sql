create or replace function postbell.skipped_channels(not_sent text[])
returns table (channel text, rung smallint, reason text)
language sql immutable parallel safe
as $$
    select split_part(entry, ':', 1), split_part(entry, ':', 2)::smallint, split_part(entry, ':', 3)
    from unnest(not_sent) as entry
$$;

comment on function postbell.skipped_channels(text[]) is 'Returns the channels in delivery.not_sent, which the router decided against, with the rung of the ladder and the reason.';


create or replace view postbell.delivery_log
with (security_invoker = true) as
select
    d.id as delivery_id,
    d.notification_id as outbox_id,
    d.tenant_id,
    d.recipient_id,
    d.event,
    line.channel,
    line.state,
    line.reason,
    line.attempts,
    line.provider,
    line.provider_message_id,
    line.due_at,
    d.created_at,
    line.sent_at,
    line.delivered_at,
    line.opened_at,
    line.clicked_at,
    line.template_version,
    line.decision,
    line.rung,
    line.decision_reason,
    line.has_row
from postbell.delivery as d
-- Lateral, so that the lines of a page are found by the index of the rows.
cross join lateral (
    select
        d.channel,
        d.state,
        coalesce(d.reason, d.decision_reason) as reason,
        d.attempts,
        d.provider,
        d.provider_message_id,
        d.due_at,
        d.sent_at,
        d.delivered_at,
        d.opened_at,
        d.clicked_at,
        d.template_version,
        d.decision,
        d.rung,
        d.decision_reason,
        true as has_row

    union all

    select
        skipped.channel::postbell.channel_name,
        case skipped.reason when 'expired' then 'expired' else 'skipped' end::postbell.delivery_state,
        skipped.reason,
        0::smallint,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        'no',
        skipped.rung,
        skipped.reason,
        false
    from postbell.skipped_channels(d.not_sent) as skipped
) as line;

comment on view postbell.delivery_log is
    'All deliveries, one for each event, recipient and channel, with their state; skipped ones with the reason. postbell.texts_used() lists the template overrides of a delivery.';
comment on column postbell.delivery_log.delivery_id is 'The id of the delivery, which its item in postbell.inbox has, too. A channel that was decided against has that of the person''s first delivery of the event.';
comment on column postbell.delivery_log.outbox_id is 'The event; postbell.explain() says what was decided about it.';
comment on column postbell.delivery_log.channel is 'A name in postbell.channel.';
comment on column postbell.delivery_log.state is 'The state: queued, sending, waiting or unknown; sent or delivered; or the end: skipped, expired, cancelled, refused, failed or bounced.';
comment on column postbell.delivery_log.reason is 'The reason for its state, else for its last decision, as in postbell.explain(). For sent deliveries it is that of the decision: wanted, forced or muted.';
comment on column postbell.delivery_log.attempts is 'The number of attempts.';
comment on column postbell.delivery_log.provider is 'The configured name of the provider that accepted it or was called last; inbox and stream are Postbell itself.';
comment on column postbell.delivery_log.provider_message_id is 'The provider''s id of the message.';
comment on column postbell.delivery_log.due_at is 'When it is to be sent, if not at once.';
comment on column postbell.delivery_log.created_at is 'When the event was emitted.';
comment on column postbell.delivery_log.sent_at is 'When a provider, the inbox or the stream accepted it.';
comment on column postbell.delivery_log.delivered_at is 'When it was delivered, by the provider''s receipt, or by the inbox.';
comment on column postbell.delivery_log.opened_at is 'When the e-mail was first opened; only if the tenant tracks it and the person does not refuse.';
comment on column postbell.delivery_log.clicked_at is 'When a link in the e-mail was first followed; only if the tenant tracks it and the person does not refuse.';
comment on column postbell.delivery_log.template_version is 'The version of the templates it was rendered from: a hash of the event''s templates, a dot, and the number of the tenant''s branding. See postbell.texts_used().';
comment on column postbell.delivery_log.decision is 'The last decision: now, later or no, as in postbell.explain(). It stays later once the delivery is due.';
comment on column postbell.delivery_log.rung is 'The rung of the ladder that made the last decision; 0 for none.';
comment on column postbell.delivery_log.decision_reason is 'The reason of the last decision, as in postbell.explain().';
comment on column postbell.delivery_log.has_row is 'Whether delivery_id is the channel''s own. If not, the channel was decided against, and has no timeline, attempts or item.';


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

comment on view postbell.dead_letters is 'Deliveries that were given up. postbell.retry() sends them again.';
comment on column postbell.dead_letters.delivery_id is 'The id of the delivery, for postbell.retry() and postbell.delivery_timeline.';
comment on column postbell.dead_letters.outbox_id is 'The event; postbell.explain() says why the delivery was to be sent.';
comment on column postbell.dead_letters.state is 'refused: the provider will never accept it; failed: no attempt succeeded, or the outcome stayed unknown; bounced: the message came back.';
comment on column postbell.dead_letters.reason is 'The reason of the last failure; null if the state says enough.';
comment on column postbell.dead_letters.attempts is 'The number of attempts. Waiting for an unavailable provider does not count.';
comment on column postbell.dead_letters.provider is 'The configured name of the provider that was called last.';
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

comment on view postbell.queue_depth is 'The number of queued deliveries, waiting deliveries, and events that are scheduled or being fanned out, by channel and priority. A row counts one of these.';
comment on column postbell.queue_depth.channel is 'A name in postbell.channel; null in a row of events.';
comment on column postbell.queue_depth.priority is 'low, normal, high or critical; higher ones are sent first.';
comment on column postbell.queue_depth.queued is 'Deliveries to be sent now; null in other rows.';
comment on column postbell.queue_depth.waiting is 'Deliveries that wait for a later time, such as the end of quiet hours; null in other rows.';
comment on column postbell.queue_depth.oldest_at is 'When the oldest was queued, or the oldest large audience was started; for waiting deliveries and scheduled events, when the first is due.';
comment on column postbell.queue_depth.scheduled is 'Events that are scheduled for a later time; null in other rows.';
comment on column postbell.queue_depth.being_fanned_out is 'Events whose large audience is being fanned out; null in other rows.';


create or replace function postbell.delivery_address(delivery_id bigint) returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select case channel.address_kind
        when 'email' then left(person.email, 1) || '…@' || substring(person.email from '[^@]*$')
        when 'phone' then '…' || right(person.phone, 2)
        when 'chat' then substring(person.chat from '^https://([^/]+)')
    end
    from postbell.delivery as d
    join postbell.channel on channel.name = d.channel
    join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
    where d.id = delivery_address.delivery_id
$$;

comment on function postbell.delivery_address(bigint) is
    'Returns the address that a delivery is sent to, as the person has it now, masked: enough for its owner to recognise it, such as j…@example.org. Null for the inbox, pushes and streams, and if there is none.';
