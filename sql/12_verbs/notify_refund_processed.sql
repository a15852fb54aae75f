create or replace function postbell.notify_refund_processed(
    client_id text,
    amount anycompatible,
    reason text default null,
    refund_id text default null,
    order_id text default null,
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
        'payment.refunded', coalesce('order:' || order_id, 'refund:' || refund_id),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', order_id,
            'refund_id', refund_id,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'reason', reason
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_refund_processed(
    text, anycompatible, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'payment.refunded, to the client.';

select postbell.add_integer_ids('notify_refund_processed');
