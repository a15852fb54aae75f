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
) is 'Emits loyalty.points_awarded to the client.';

select postbell_private.add_integer_ids('notify_loyalty_points_awarded');


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
) is 'Emits loyalty.tier_upgraded to the client.';

select postbell_private.add_integer_ids('notify_tier_upgraded');


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
) is 'Emits loyalty.milestone_reached to the client.';

select postbell_private.add_integer_ids('notify_milestone_reached');


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
) is 'Emits loyalty.badge_awarded to the client.';

select postbell_private.add_integer_ids('notify_badge_awarded');


create or replace function postbell.notify_redemption_approved(
    client_id text,
    item_name text,
    points_used bigint,
    fulfillment_code text default null,
    redemption_id text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'loyalty.redemption.approved', 'redemption:' || redemption_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'item_name', postbell.require_value('item_name', item_name),
            'points_used', postbell.require_value('points_used', points_used),
            'fulfillment_code', fulfillment_code,
            'redemption_id', redemption_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_redemption_approved(
    text, text, bigint, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits loyalty.redemption.approved to the client.';

select postbell_private.add_integer_ids('notify_redemption_approved');


create or replace function postbell.notify_redemption_rejected(
    client_id text,
    item_name text,
    points_used bigint,
    reason text default null,
    redemption_id text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'loyalty.redemption.rejected', 'redemption:' || redemption_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'item_name', postbell.require_value('item_name', item_name),
            'points_used', postbell.require_value('points_used', points_used),
            'rejection_reason', reason,
            'redemption_id', redemption_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_redemption_rejected(
    text, text, bigint, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits loyalty.redemption.rejected to the client.';

select postbell_private.add_integer_ids('notify_redemption_rejected');
