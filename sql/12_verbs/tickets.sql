create or replace function postbell.notify_ticket_assigned(
    ticket_number text,
    assignee_id text,
    assignee_name text default null,
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
        'ticket.assigned', 'ticket:' || coalesce(ticket_id, ticket_number),
        array[postbell.require_value('assignee_id', assignee_id)],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'assignee_name', assignee_name,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_ticket_assigned(
    text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits ticket.assigned to the assignee.';

select postbell_private.add_integer_ids('notify_ticket_assigned');


create or replace function postbell.notify_ticket_created(
    ticket_number text,
    creator_id text,
    subject text default null,
    ticket_id text default null,
    assignee_id text default null,
    assignee_name text default null,
    support_role text default 'support',
    tenant_id text default 'default',
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint[]
language sql
as $$
    select array_remove(
        array[
            postbell.emit(
                'ticket.created', 'ticket:' || coalesce(ticket_id, ticket_number),
                array[postbell.require_value('creator_id', creator_id)],
                jsonb_build_object(
                    'ticket_number', postbell.require_value('ticket_number', ticket_number),
                    'subject', subject,
                    'ticket_id', ticket_id
                ),
                -- No actor: the creator is notified that the ticket was created.
                tenant_id, null, idempotency_key, deliver_at, expires_at,
                jsonb_build_object('role', postbell.require_value('support_role', support_role))
            ),
            case when assignee_id <> '' then postbell.notify_ticket_assigned(
                ticket_number => ticket_number, assignee_id => assignee_id, assignee_name => assignee_name, ticket_id => ticket_id,
                tenant_id => tenant_id, actor => creator_id,
                -- A key names one event, and this is a second one.
                idempotency_key => idempotency_key || ':assigned',
                deliver_at => deliver_at, expires_at => expires_at
            ) end
        ],
        null
    )
$$;

comment on function postbell.notify_ticket_created(
    text, text, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits ticket.created to the creator and everybody with the support role, and ticket.assigned to the assignee, if there is one. Returns the ids of the events.';

select postbell_private.add_integer_ids('notify_ticket_created');


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
) is 'Emits ticket.replied to the creator and the assignee, but not to the replier. The creator is not notified of an internal note.';

select postbell_private.add_integer_ids('notify_ticket_reply');


create or replace function postbell.notify_ticket_escalated(
    ticket_number text,
    creator_id text,
    escalated_to text default null,
    reason text default null,
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
        'ticket.escalated', 'ticket:' || coalesce(ticket_id, ticket_number),
        array[postbell.require_value('creator_id', creator_id), assignee_id],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'escalated_to', escalated_to,
            'reason', reason,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_ticket_escalated(
    text, text, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits ticket.escalated to the creator and the assignee, if there is one.';

select postbell_private.add_integer_ids('notify_ticket_escalated');


create or replace function postbell.notify_ticket_resolved(
    ticket_number text,
    creator_id text,
    resolver_name text default null,
    resolution text default null,
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
        'ticket.resolved', 'ticket:' || coalesce(ticket_id, ticket_number),
        array[postbell.require_value('creator_id', creator_id)],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'resolver_name', resolver_name,
            'resolution', resolution,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_ticket_resolved(
    text, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits ticket.resolved to the creator.';

select postbell_private.add_integer_ids('notify_ticket_resolved');


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
) is 'Emits ticket.reopened to the creator and the assignee, if there is one.';

select postbell_private.add_integer_ids('notify_ticket_reopened');
