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
) is 'order.completed, to the client and the writer, if there is one.';

select postbell.add_integer_ids('notify_order_completed');
