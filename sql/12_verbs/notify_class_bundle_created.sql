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
) is 'class.bundle.created, to the client.';

select postbell.add_integer_ids('notify_class_bundle_created');
