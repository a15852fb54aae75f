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

select
    delivery_id,
    occurred_at,
    kind,
    provider,
    code,
    reason
from postbell.receipt
where delivery_id is not null;

comment on view postbell.delivery_timeline is
    'What befell a delivery, from its event to the last receipt: every try, every failure, and what ended it. What was decided about it is in postbell.explain(). Order by happened_at; providers'' clocks may differ from ours.';
comment on column postbell.delivery_timeline.happened_at is 'By our clock; what a provider told, by the provider''s.';
comment on column postbell.delivery_timeline.what is 'emitted; attempt and what came of it; given_up, stopped, released or retried, see postbell.delivery_step; or a receipt, by postbell.receipt_kinds.';
comment on column postbell.delivery_timeline.provider is 'Its configured name; postbell for what we see ourselves.';
comment on column postbell.delivery_timeline.code is 'The provider''s own, such as 550 5.1.1.';
comment on column postbell.delivery_timeline.reason is 'Why it failed, was stopped or came back; of released, what it had waited for.';
