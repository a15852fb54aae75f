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
) is 'Emits payment.completed to the client, for a payment without an order. For the payment of an order, call notify_order_paid().';

select postbell_private.add_integer_ids('notify_payment_completed');


create or replace function postbell.notify_payment_failed(
    client_id text,
    amount anycompatible,
    reason text default null,
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
        'payment.failed', 'order:' || order_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', order_id,
            'order_topic', order_topic,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'reason', reason
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_payment_failed(
    text, anycompatible, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits payment.failed to the client.';

select postbell_private.add_integer_ids('notify_payment_failed');


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
) is 'Emits payment.refunded to the client.';

select postbell_private.add_integer_ids('notify_refund_processed');


create or replace function postbell.notify_wallet_loaded(
    client_id text,
    amount anycompatible,
    balance anycompatible,
    wallet_id text default null,
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
        'payment.wallet_loaded', 'wallet:' || wallet_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'balance', postbell.require_value('balance', postbell.exact_amount('balance', balance))
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_wallet_loaded(
    text, anycompatible, anycompatible, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits payment.wallet_loaded to the client.';

select postbell_private.add_integer_ids('notify_wallet_loaded');


create or replace function postbell.notify_invoice_generated(
    client_id text,
    invoice_number text,
    amount anycompatible,
    due_date date default null,
    invoice_id text default null,
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
        'payment.invoice_generated', 'invoice:' || coalesce(invoice_id, invoice_number),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'invoice_number', postbell.require_value('invoice_number', invoice_number),
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'due_date', due_date,
            'invoice_id', invoice_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_invoice_generated(
    text, text, anycompatible, date, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits payment.invoice_generated to the client.';

select postbell_private.add_integer_ids('notify_invoice_generated');


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
