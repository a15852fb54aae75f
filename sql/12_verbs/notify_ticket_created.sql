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
                -- No actor: the creator is told that the ticket is there.
                tenant_id, null, idempotency_key, deliver_at, expires_at,
                jsonb_build_object('role', postbell.require_value('support_role', support_role))
            ),
            case when assignee_id <> '' then postbell.notify_ticket_assigned(
                ticket_number => ticket_number, assignee_id => assignee_id, assignee_name => assignee_name, ticket_id => ticket_id,
                tenant_id => tenant_id, actor => creator_id,
                -- A key names one event, and this is another.
                idempotency_key => idempotency_key || ':assigned',
                deliver_at => deliver_at, expires_at => expires_at
            ) end
        ],
        null
    )
$$;

comment on function postbell.notify_ticket_created(
    text, text, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'ticket.created, to the creator and everybody with the support role; and ticket.assigned to the assignee, if there is one. Returns the ids of both.';

select postbell.add_integer_ids('notify_ticket_created');
