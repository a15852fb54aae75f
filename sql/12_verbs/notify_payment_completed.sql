create or replace function postbell.notify_payment_completed(
    client_id text,
    amount anycompatible,
    payment_method text default null,
    payment_id text default null,
    order_id text default null,
    order_topic text default null,
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
        'payment.completed', coalesce('payment:' || payment_id, 'order:' || order_id),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', order_id,
            'order_topic', order_topic,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'payment_method', payment_method
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_payment_completed(
    text, anycompatible, text, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'payment.completed, to the client, for a payment that is not of an order; for one that is, notify_order_paid().';

select postbell.add_integer_ids('notify_payment_completed');
