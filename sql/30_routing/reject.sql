create or replace function postbell.reject(notification_id bigint, recipient_id text, code text, message text) returns void
language sql
as $$
    -- In PostgreSQL's words. Nothing is read from what made it stumble but short names.
    insert into postbell.rejected_event (outbox_id, tenant_id, event, recipient, reason, detail, created_at)
    select
        n.id, n.tenant_id, n.event, coalesce(reject.recipient_id, n.recipient),
        'unreadable_event', left(reject.code || ': ' || reject.message, 1000), n.created_at
    from postbell.notification as n
    where n.id = reject.notification_id
    on conflict (outbox_id, recipient) do nothing
$$;

comment on function postbell.reject(bigint, text, text, text) is
    'Notes that an event which was accepted could not be told: to one person, or to nobody more if none is named. With the SQLSTATE and the message.';
