create or replace view postbell.delivery_timeline
with (security_invoker = true) as
select
    id as delivery_id,
    created_at as happened_at,
    'emitted' as what,
    null as provider,
    null as code,
    null as reason
from postbell.delivery

union all

select
    delivery_id,
    happened_at,
    what,
    'postbell',
    null,
    reason
from postbell.delivery_step

union all

select
    delivery_id,
    attempted_at,
    'attempt: ' || outcome,
    provider,
    code,
    reason
from postbell.attempt

union all

-- The inbox and the stream take a message in the transaction that settles it. Before 0.2 they had attempts.
select
    d.id,
    d.sent_at,
    'attempt: sent',
    d.provider,
    null,
    null
from postbell.delivery as d
join postbell.channel on channel.name = d.channel
where not channel.is_outgoing
  and d.sent_at is not null
  and not exists (select from postbell.attempt where attempt.delivery_id = d.id)

union all

select
    delivery_id,
    occurred_at,
    kind,
    provider,
    code,
    reason
from postbell.receipt
where delivery_id > 0;

comment on view postbell.delivery_timeline is
    'The history of each delivery, from its event to the last receipt: attempts, failures and the end. postbell.explain() has the decision. Order by happened_at; providers'' clocks may differ from the database''s.';
comment on column postbell.delivery_timeline.happened_at is 'When it happened, by the clock of the database; for receipts, by that of the provider.';
comment on column postbell.delivery_timeline.what is 'emitted; attempt with its outcome; given_up, stopped, released or retried, see postbell.delivery_step; or a receipt, see postbell.receipt_kinds.';
comment on column postbell.delivery_timeline.provider is 'The configured name of the provider; postbell for Postbell''s own entries.';
comment on column postbell.delivery_timeline.code is 'The provider''s code, such as 550 5.1.1.';
comment on column postbell.delivery_timeline.reason is 'Why the delivery failed, was stopped or bounced; for released, what it had waited for.';
