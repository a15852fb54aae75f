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
) is 'class.bundle.completed, to the client.';

select postbell.add_integer_ids('notify_class_bundle_completed');
