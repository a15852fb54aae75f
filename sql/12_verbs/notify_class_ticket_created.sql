create or replace function postbell.notify_class_ticket_created(
    client_id text,
    subject text,
    bundle_name text default null,
    ticket_id text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'class.ticket.created', 'ticket:' || ticket_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'subject', postbell.require_value('subject', subject),
            'bundle_name', bundle_name,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_class_ticket_created(
    text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'class.ticket.created, to the client.';

select postbell.add_integer_ids('notify_class_ticket_created');
