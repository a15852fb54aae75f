-- Verbs with a rule of their own; `postbell verbs` writes the others.


create or replace function postbell.notify_installment_due(
    client_id text,
    amount anycompatible,
    due_date date default null,
    installment_number bigint default null,
    total_installments bigint default null,
    installment_id text default null,
    order_id text default null,
    special_order_id text default null,
    bundle_id text default null,
    bundle_name text default null,
    currency text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        case when coalesce(bundle_id, bundle_name) is null then 'payment.installment_due' else 'class.installment.due' end,
        coalesce(
            'installment:' || installment_id, 'bundle:' || bundle_id,
            'special_order:' || special_order_id, 'order:' || order_id
        ),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'due_date', due_date,
            'installment_number', installment_number,
            'total_installments', total_installments,
            'installment_id', installment_id,
            'order_id', order_id,
            'special_order_id', special_order_id,
            'bundle_id', bundle_id,
            'bundle_name', case when bundle_id is not null then postbell.require_value('bundle_name', bundle_name) else bundle_name end
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_installment_due(
    text, anycompatible, date, bigint, bigint, text, text, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits class.installment.due to the client if a bundle of classes is named, else payment.installment_due. The subject is installment:ID; cancel it if the instalment is paid before deliver_at.';

select postbell_private.add_integer_ids('notify_installment_due');


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


create or replace function postbell.notify_class_message_received(
    thread_id text,
    sender_id text,
    sender_name text,
    message text default null,
    bundle_id text default null,
    bundle_name text default null,
    members text[] default null,
    tenant_id text default 'default',
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'class.message.received', 'thread:' || thread_id,
        members,
        jsonb_build_object(
            'sender_name', postbell.require_value('sender_name', sender_name),
            'bundle_name', bundle_name,
            'message_preview', left(message, 500),
            'thread_id', postbell.require_value('thread_id', thread_id),
            'bundle_id', bundle_id
        ),
        tenant_id, postbell.require_value('sender_id', sender_id), idempotency_key, deliver_at, expires_at,
        case when members is null then jsonb_build_object('topic', 'thread:' || thread_id) end
    )
$$;

comment on function postbell.notify_class_message_received(
    text, text, text, text, text, text, text[], text, text, timestamptz, timestamptz
) is 'Emits class.message.received to the members of the thread, but not to the sender. Without members, those who joined the topic thread:ID are notified.';

select postbell_private.add_integer_ids('notify_class_message_received');
