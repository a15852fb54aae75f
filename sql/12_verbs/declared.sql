-- Written by `postbell verbs` from the tables `verb` of event.toml.


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
) is 'Emits class.bundle.completed to the client.';

select postbell_private.add_integer_ids('notify_class_bundle_completed');


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
) is 'Emits class.bundle.created to the client.';

select postbell_private.add_integer_ids('notify_class_bundle_created');


create or replace function postbell.notify_class_deposit_paid(
    client_id text,
    bundle_name text,
    amount anycompatible,
    balance_remaining anycompatible default null,
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
        'class.bundle.deposit_paid', 'bundle:' || bundle_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'bundle_id', bundle_id,
            'bundle_name', postbell.require_value('bundle_name', bundle_name),
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'balance_remaining', postbell.exact_amount('balance_remaining', balance_remaining)
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_class_deposit_paid(
    text, text, anycompatible, anycompatible, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits class.bundle.deposit_paid to the client.';

select postbell_private.add_integer_ids('notify_class_deposit_paid');


create or replace function postbell.notify_class_ticket_created(
    client_id text,
    subject text,
    bundle_name text default null,
    ticket_id text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'class.ticket.created', 'ticket:' || ticket_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'subject', postbell.require_value('subject', subject),
            'bundle_name', bundle_name,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_class_ticket_created(
    text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits class.ticket.created to the client.';

select postbell_private.add_integer_ids('notify_class_ticket_created');


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
) is 'Emits order.assigned to the writer and the client. The actor, such as a writer who took the order, is not notified.';

select postbell_private.add_integer_ids('notify_order_assigned');


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
) is 'Emits order.completed to the client and the writer, if there is one.';

select postbell_private.add_integer_ids('notify_order_completed');


create or replace function postbell.notify_order_created(
    order_id text,
    client_id text,
    order_topic text default null,
    amount anycompatible default null,
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
        'order.created', 'order:' || order_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', postbell.require_value('order_id', order_id),
            'order_topic', order_topic,
            'amount', postbell.exact_amount('amount', amount),
            'currency', currency
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_order_created(
    text, text, text, anycompatible, text, text, text, text, timestamptz, timestamptz
) is 'Emits order.created to the client.';

select postbell_private.add_integer_ids('notify_order_created');


create or replace function postbell.notify_order_paid(
    order_id text,
    client_id text,
    amount anycompatible,
    payment_method text default null,
    order_topic text default null,
    writer_id text default null,
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
        'order.paid', 'order:' || order_id,
        array[postbell.require_value('client_id', client_id), writer_id],
        jsonb_build_object(
            'order_id', postbell.require_value('order_id', order_id),
            'order_topic', order_topic,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'payment_method', payment_method
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_order_paid(
    text, text, anycompatible, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits order.paid to the client and the assigned writer, if there is one. Do not emit payment.completed too, which is for a payment without an order.';

select postbell_private.add_integer_ids('notify_order_paid');


create or replace function postbell.notify_payment_completed(
    client_id text,
    amount anycompatible,
    payment_method text default null,
    payment_id text default null,
    order_id text default null,
    order_topic text default null,
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
        'payment.completed', coalesce('payment:' || payment_id, 'order:' || order_id),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', order_id,
            'order_topic', order_topic,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'payment_method', payment_method
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_payment_completed(
    text, anycompatible, text, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits payment.completed to the client, for a payment without an order. For the payment of an order, call notify_order_paid().';

select postbell_private.add_integer_ids('notify_payment_completed');


create or replace function postbell.notify_payment_failed(
    client_id text,
    amount anycompatible,
    reason text default null,
    order_id text default null,
    order_topic text default null,
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
        'payment.failed', 'order:' || order_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', order_id,
            'order_topic', order_topic,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'reason', reason
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_payment_failed(
    text, anycompatible, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits payment.failed to the client.';

select postbell_private.add_integer_ids('notify_payment_failed');


create or replace function postbell.notify_invoice_generated(
    client_id text,
    invoice_number text,
    amount anycompatible,
    due_date date default null,
    invoice_id text default null,
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
        'payment.invoice_generated', coalesce('invoice:' || invoice_id, 'invoice:' || invoice_number),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'invoice_number', postbell.require_value('invoice_number', invoice_number),
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'due_date', due_date,
            'invoice_id', invoice_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_invoice_generated(
    text, text, anycompatible, date, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits payment.invoice_generated to the client.';

select postbell_private.add_integer_ids('notify_invoice_generated');


create or replace function postbell.notify_refund_processed(
    client_id text,
    amount anycompatible,
    reason text default null,
    refund_id text default null,
    order_id text default null,
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
        'payment.refunded', coalesce('order:' || order_id, 'refund:' || refund_id),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', order_id,
            'refund_id', refund_id,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'reason', reason
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_refund_processed(
    text, anycompatible, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits payment.refunded to the client.';

select postbell_private.add_integer_ids('notify_refund_processed');


create or replace function postbell.notify_wallet_loaded(
    client_id text,
    amount anycompatible,
    balance anycompatible,
    wallet_id text default null,
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
        'payment.wallet_loaded', 'wallet:' || wallet_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'balance', postbell.require_value('balance', postbell.exact_amount('balance', balance))
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_wallet_loaded(
    text, anycompatible, anycompatible, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits payment.wallet_loaded to the client.';

select postbell_private.add_integer_ids('notify_wallet_loaded');


create or replace function postbell.notify_ticket_assigned(
    ticket_number text,
    assignee_id text,
    assignee_name text default null,
    ticket_id text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'ticket.assigned', coalesce('ticket:' || ticket_id, 'ticket:' || ticket_number),
        array[postbell.require_value('assignee_id', assignee_id)],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'assignee_name', assignee_name,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_ticket_assigned(
    text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits ticket.assigned to the assignee.';

select postbell_private.add_integer_ids('notify_ticket_assigned');


create or replace function postbell.notify_ticket_escalated(
    ticket_number text,
    creator_id text,
    escalated_to text default null,
    reason text default null,
    assignee_id text default null,
    ticket_id text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'ticket.escalated', coalesce('ticket:' || ticket_id, 'ticket:' || ticket_number),
        array[postbell.require_value('creator_id', creator_id), assignee_id],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'escalated_to', escalated_to,
            'reason', reason,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_ticket_escalated(
    text, text, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits ticket.escalated to the creator and the assignee, if there is one.';

select postbell_private.add_integer_ids('notify_ticket_escalated');


create or replace function postbell.notify_ticket_reopened(
    ticket_number text,
    creator_id text,
    assignee_id text default null,
    ticket_id text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'ticket.reopened', coalesce('ticket:' || ticket_id, 'ticket:' || ticket_number),
        array[postbell.require_value('creator_id', creator_id), assignee_id],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_ticket_reopened(
    text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits ticket.reopened to the creator and the assignee, if there is one.';

select postbell_private.add_integer_ids('notify_ticket_reopened');


create or replace function postbell.notify_ticket_resolved(
    ticket_number text,
    creator_id text,
    resolver_name text default null,
    resolution text default null,
    ticket_id text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'ticket.resolved', coalesce('ticket:' || ticket_id, 'ticket:' || ticket_number),
        array[postbell.require_value('creator_id', creator_id)],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'resolver_name', resolver_name,
            'resolution', resolution,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_ticket_resolved(
    text, text, text, text, text, text, text, text, timestamptz, timestamptz
) is 'Emits ticket.resolved to the creator.';

select postbell_private.add_integer_ids('notify_ticket_resolved');
