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
    coalesce(reason, verdict) as reason,
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
comment on column postbell.delivery_log.channel is 'in_app, email, sms, push or sse.';
comment on column postbell.delivery_log.state is 'queued, sending or waiting; sent or delivered; skipped, expired or cancelled; unknown; refused, failed or bounced.';
comment on column postbell.delivery_log.reason is 'Why it is in its state, else why it was decided so the last time; postbell.ladder() has the rungs. Of what is sent, on every channel, the decision: wanted, forced or muted.';
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
