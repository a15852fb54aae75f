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
) is 'class.bundle.deposit_paid, to the client.';

select postbell.add_integer_ids('notify_class_deposit_paid');
