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
