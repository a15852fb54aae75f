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
