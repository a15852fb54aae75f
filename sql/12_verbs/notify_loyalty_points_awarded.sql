create or replace function postbell.notify_loyalty_points_awarded(
    client_id text,
    points bigint,
    reason text default null,
    total_points bigint default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'loyalty.points_awarded', null,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'points', postbell.require_value('points', points),
            'reason', reason,
            'total_points', total_points
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_loyalty_points_awarded(
    text, bigint, text, bigint, text, text, text, timestamptz, timestamptz
) is 'loyalty.points_awarded, to the client.';

select postbell.add_integer_ids('notify_loyalty_points_awarded');
