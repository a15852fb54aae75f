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
) is 'payment.wallet_loaded, to the client.';

select postbell.add_integer_ids('notify_wallet_loaded');
