create or replace function postbell.notify_ticket_reopened(
    ticket_number text,
    creator_id text,
    assignee_id text default null,
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
        'ticket.reopened', 'ticket:' || coalesce(ticket_id, ticket_number),
        array[postbell.require_value('creator_id', creator_id), assignee_id],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_ticket_reopened(
    text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'ticket.reopened, to the creator and the assignee, if there is one.';

select postbell.add_integer_ids('notify_ticket_reopened');
