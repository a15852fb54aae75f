create or replace view postbell.inbox
with (security_invoker = true) as
select
    id,
    tenant_id,
    recipient_id,
    event,
    category,
    subject,
    title,
    body,
    link,
    image,
    actions,
    created_at,
    seen_at,
    read_at,
    archived_at
from postbell.inbox_item;

comment on view postbell.inbox is 'Inbox items. Newest first: where tenant_id = … and recipient_id = … order by id desc.';
