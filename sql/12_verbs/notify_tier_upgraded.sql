create or replace function postbell.notify_tier_upgraded(
    client_id text,
    tier_name text,
    perks text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'loyalty.tier_upgraded', null,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'tier_name', postbell.require_value('tier_name', tier_name),
            'perks', perks
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_tier_upgraded(
    text, text, text, text, text, text, timestamptz, timestamptz
) is 'loyalty.tier_upgraded, to the client.';

select postbell.add_integer_ids('notify_tier_upgraded');
