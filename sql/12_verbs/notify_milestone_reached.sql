create or replace function postbell.notify_milestone_reached(
    client_id text,
    milestone_name text,
    reward_points bigint default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'loyalty.milestone_reached', null,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'milestone_name', postbell.require_value('milestone_name', milestone_name),
            'reward_points', reward_points
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_milestone_reached(
    text, text, bigint, text, text, text, timestamptz, timestamptz
) is 'loyalty.milestone_reached, to the client.';

select postbell.add_integer_ids('notify_milestone_reached');
