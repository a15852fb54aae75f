create or replace function postbell.notify_class_bundle_created(
    client_id text,
    bundle_name text,
    total_price anycompatible,
    number_of_classes bigint,
    deposit_required anycompatible default null,
    bundle_id text default null,
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
        'class.bundle.created', 'bundle:' || bundle_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'bundle_id', bundle_id,
            'bundle_name', postbell.require_value('bundle_name', bundle_name),
            'total_price', postbell.require_value('total_price', postbell.exact_amount('total_price', total_price)),
            'currency', currency,
            'number_of_classes', postbell.require_value('number_of_classes', number_of_classes),
            'deposit_required', postbell.exact_amount('deposit_required', deposit_required)
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_class_bundle_created(
    text, text, anycompatible, bigint, anycompatible, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits class.bundle.created to the client.';

select postbell_private.add_integer_ids('notify_class_bundle_created');


create or replace function postbell.notify_class_bundle_completed(
    client_id text,
    bundle_name text,
    number_of_classes bigint,
    bundle_id text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'class.bundle.completed', 'bundle:' || bundle_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'bundle_id', bundle_id,
            'bundle_name', postbell.require_value('bundle_name', bundle_name),
            'number_of_classes', postbell.require_value('number_of_classes', number_of_classes)
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_class_bundle_completed(
    text, text, bigint, text, text, text, text, timestamptz, timestamptz
) is 'Emits class.bundle.completed to the client.';

select postbell_private.add_integer_ids('notify_class_bundle_completed');


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
) is 'Emits class.ticket.created to the client.';

select postbell_private.add_integer_ids('notify_class_ticket_created');


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


create or replace function postbell.notify_class_deposit_paid(
    client_id text,
    bundle_name text,
    amount anycompatible,
    balance_remaining anycompatible default null,
    bundle_id text default null,
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
        'class.bundle.deposit_paid', 'bundle:' || bundle_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'bundle_id', bundle_id,
            'bundle_name', postbell.require_value('bundle_name', bundle_name),
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'balance_remaining', postbell.exact_amount('balance_remaining', balance_remaining)
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_class_deposit_paid(
    text, text, anycompatible, anycompatible, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits class.bundle.deposit_paid to the client.';

select postbell_private.add_integer_ids('notify_class_deposit_paid');
