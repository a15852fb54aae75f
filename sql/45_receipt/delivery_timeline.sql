create or replace view postbell.delivery_timeline
with (security_invoker = true) as
select
    id as delivery_id,
    created_at as happened_at,
    'emitted' as what,
    null as provider,
    null as code,
    verdict as reason
from postbell.delivery

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
    'What befell a delivery, from its event to the last receipt. Order by happened_at; providers'' clocks may differ from ours.';
comment on column postbell.delivery_timeline.happened_at is 'By our clock; what a provider told, by the provider''s.';
comment on column postbell.delivery_timeline.what is 'emitted; attempt and what came of it; or a receipt, by postbell.receipt_kinds.';
comment on column postbell.delivery_timeline.provider is 'Its configured name; postbell for what we see ourselves.';
comment on column postbell.delivery_timeline.code is 'The provider''s own, such as 550 5.1.1.';
comment on column postbell.delivery_timeline.reason is 'Why it was decided so, failed, or came back.';
