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
) is 'order.created, to the client.';

select postbell.add_integer_ids('notify_order_created');
