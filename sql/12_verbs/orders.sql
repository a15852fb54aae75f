create or replace function postbell.notify_order_created(
    order_id text,
    client_id text,
    order_topic text default null,
    amount anycompatible default null,
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
        'order.created', 'order:' || order_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', postbell.require_value('order_id', order_id),
            'order_topic', order_topic,
            'amount', postbell.exact_amount('amount', amount),
            'currency', currency
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_order_created(
    text, text, text, anycompatible, text, text, text, text, timestamptz, timestamptz
) is 'Emits order.created to the client.';

select postbell_private.add_integer_ids('notify_order_created');


create or replace function postbell.notify_order_assigned(
    order_id text,
    client_id text,
    writer_id text,
    order_topic text default null,
    writer_name text default null,
    deadline timestamptz default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'order.assigned', 'order:' || order_id,
        array[postbell.require_value('writer_id', writer_id), postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', postbell.require_value('order_id', order_id),
            'order_topic', order_topic,
            'writer_name', writer_name,
            'deadline', deadline
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_order_assigned(
    text, text, text, text, text, timestamptz, text, text, text, timestamptz, timestamptz
) is 'Emits order.assigned to the writer and the client. The actor, such as a writer who took the order, is not notified.';

select postbell_private.add_integer_ids('notify_order_assigned');


create or replace function postbell.notify_order_paid(
    order_id text,
    client_id text,
    amount anycompatible,
    payment_method text default null,
    order_topic text default null,
    writer_id text default null,
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
        'order.paid', 'order:' || order_id,
        array[postbell.require_value('client_id', client_id), writer_id],
        jsonb_build_object(
            'order_id', postbell.require_value('order_id', order_id),
            'order_topic', order_topic,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'payment_method', payment_method
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_order_paid(
    text, text, anycompatible, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits order.paid to the client and the assigned writer, if there is one. Do not emit payment.completed too, which is for a payment without an order.';

select postbell_private.add_integer_ids('notify_order_paid');


create or replace function postbell.notify_order_completed(
    order_id text,
    client_id text,
    writer_id text default null,
    order_topic text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'order.completed', 'order:' || order_id,
        array[postbell.require_value('client_id', client_id), writer_id],
        jsonb_build_object(
            'order_id', postbell.require_value('order_id', order_id),
            'order_topic', order_topic
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_order_completed(
    text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits order.completed to the client and the writer, if there is one.';

select postbell_private.add_integer_ids('notify_order_completed');
