create or replace function postbell.notify_order_assigned(
    order_id text,
    client_id text,
    writer_id text,
    order_topic text default null,
    writer_name text default null,
    deadline timestamptz default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'order.assigned', 'order:' || order_id,
        array[postbell.require_value('writer_id', writer_id), postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', postbell.require_value('order_id', order_id),
            'order_topic', order_topic,
            'writer_name', writer_name,
            'deadline', deadline
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_order_assigned(
    text, text, text, text, text, timestamptz, text, text, text, timestamptz, timestamptz
) is 'order.assigned, to the writer and the client. The actor, say a writer who took it, is not told.';

select postbell.add_integer_ids('notify_order_assigned');
