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
) is 'class.installment.due if a bundle of classes is named, else payment.installment_due, to the client. Its subject is installment:ID: cancel that when it is paid before deliver_at.';

select postbell.add_integer_ids('notify_installment_due');
