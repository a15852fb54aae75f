create or replace function postbell.notify_ticket_reply(
    ticket_number text,
    creator_id text,
    replier_id text,
    replier_name text default null,
    message text default null,
    assignee_id text default null,
    ticket_id text default null,
    message_id text default null,
    is_internal boolean default false,
    tenant_id text default 'default',
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'ticket.replied', 'ticket:' || coalesce(ticket_id, ticket_number),
        array[case when not is_internal then postbell.require_value('creator_id', creator_id) end, assignee_id],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'replier_name', replier_name,
            'message_preview', left(message, 500),
            'ticket_id', ticket_id,
            'message_id', message_id
        ),
        tenant_id, postbell.require_value('replier_id', replier_id), idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_ticket_reply(
    text, text, text, text, text, text, text, text, boolean, text, text, timestamptz, timestamptz
) is 'ticket.replied, to the creator and the assignee, never the replier. The creator does not hear of an internal note.';

select postbell.add_integer_ids('notify_ticket_reply');
