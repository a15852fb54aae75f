create or replace view postbell.rejected_events
with (security_invoker = true) as
select
    outbox_id,
    tenant_id,
    event,
    recipient,
    reason,
    detail,
    created_at
from postbell.rejected_event;

comment on view postbell.rejected_events is 'Events that told nobody anything, or not this person of their audience, and why; postbell.error_codes has the way out of each reason.';
comment on column postbell.rejected_events.outbox_id is 'The event. What it speaks of was committed all the same.';
comment on column postbell.rejected_events.recipient is 'As the event named them, or the one of its audience who could not be told; null for a whole audience.';
comment on column postbell.rejected_events.reason is 'By postbell.error_codes, which has the way out.';
comment on column postbell.rejected_events.detail is 'What exactly, such as the field of the payload.';
comment on column postbell.rejected_events.created_at is 'When the event was emitted.';
