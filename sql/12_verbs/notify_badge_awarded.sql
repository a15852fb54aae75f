create or replace function postbell.notify_badge_awarded(
    client_id text,
    badge_name text,
    description text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'loyalty.badge_awarded', null,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'badge_name', postbell.require_value('badge_name', badge_name),
            'description', description
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_badge_awarded(
    text, text, text, text, text, text, timestamptz, timestamptz
) is 'loyalty.badge_awarded, to the client.';

select postbell.add_integer_ids('notify_badge_awarded');
