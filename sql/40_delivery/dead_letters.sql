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
