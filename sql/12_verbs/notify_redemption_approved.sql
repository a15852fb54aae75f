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
) is 'loyalty.redemption.approved, to the client.';

select postbell.add_integer_ids('notify_redemption_approved');
