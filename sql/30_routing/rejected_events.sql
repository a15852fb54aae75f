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

comment on view postbell.rejected_events is 'Events that told nobody anything, and why; postbell.error_codes has the way out of each reason.';
