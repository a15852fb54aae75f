create or replace function postbell.notify(
    event text,
    recipient text default null,
    payload jsonb default '{}',
    tenant_id text default 'default',
    audience jsonb default null,
    channels text[] default null,
    forced_channels text[] default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null,
    idempotency_key text default null,
    subject text default null,
    actor text default null,
    priority text default null
) returns bigint
language sql
begin atomic
    insert into postbell.outbox (
        event, recipient, payload, tenant_id, audience, channels, forced_channels,
        deliver_at, expires_at, idempotency_key, subject, actor, priority
    )
    values (
        notify.event, notify.recipient, notify.payload, notify.tenant_id, notify.audience, notify.channels,
        notify.forced_channels, notify.deliver_at, notify.expires_at, notify.idempotency_key, notify.subject,
        notify.actor, notify.priority
    )
    returning id;
end;

comment on function postbell.notify is 'Emits one event in the caller''s transaction and returns its id. The same as inserting into postbell.outbox.';
