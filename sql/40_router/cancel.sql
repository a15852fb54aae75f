create or replace function postbell_private.is_cancelled(
    outbox_id bigint, tenant_id text, subject text, xid xid8, created_at timestamptz
) returns table (is_cancelled boolean)
language sql stable
as $$
    select
        exists (
            select
            from postbell_private.cancellation
            where cancellation.outbox_id = is_cancelled.outbox_id
        )
        or (
            is_cancelled.subject is not null
            and exists (
                select
                from postbell_private.cancellation
                where cancellation.subject = is_cancelled.subject
                  and cancellation.tenant_id = is_cancelled.tenant_id
                  -- Earlier events are those that the cancelling transaction could see, and its own from before the call.
                  and (
                      pg_visible_in_snapshot(is_cancelled.xid, cancellation.snapshot)
                      and is_cancelled.xid <> cancellation.xid
                      or is_cancelled.xid = cancellation.xid and is_cancelled.created_at <= cancellation.cancelled_at
                  )
            )
        )
$$;

comment on function postbell_private.is_cancelled is 'Whether an event is cancelled, by its id or its subject. Returns a table, so that PostgreSQL inlines it.';


create or replace function postbell_private.cancel_deliveries(
    notification_ids bigint[],
    out taken_back bigint,
    out handed_over bigint
)
language plpgsql
as $$
#variable_conflict use_column
declare
    v_unresolved bigint;
begin
    -- Locked rows are skipped, not waited for. A locked delivery counts as handed over. A locked event, which the router
    -- is processing, is in neither count, because its recipients are not known yet.
    with scheduled as (
        delete from postbell.scheduled_notification
        where notification_id in (
            select notification_id
            from postbell.scheduled_notification
            where notification_id = any(notification_ids)
            for update skip locked
        )
        returning notification_id
    ),

    being_fanned_out as (
        delete from postbell.fanout
        where notification_id in (
            select notification_id
            from postbell.fanout
            where notification_id = any(notification_ids)
            for update skip locked
        )
        returning notification_id
    )

    select (select count(*) from scheduled) + (select count(*) from being_fanned_out) into v_unresolved;

    with free as (
        select id
        from postbell.delivery
        where notification_id = any(notification_ids)
          and state in ('queued', 'waiting')
        for update skip locked
    ),

    recalled as (
        update postbell.delivery set
            state = postbell_private.settled_state(sent_at, 'cancelled'),
            reason = 'cancelled'
        from free
        where delivery.id = free.id
        returning delivery.id, delivery.state
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select id, 'stopped', 'cancelled'
        from recalled
    )

    select
        v_unresolved + (select count(*) from recalled where state = 'cancelled'),
        (
            select count(*)
            from postbell.delivery
            where notification_id = any(notification_ids)
              and state not in ('skipped', 'expired', 'cancelled')
              and id not in (select id from recalled where state = 'cancelled')
        )
    into taken_back, handed_over;

    delete from postbell.waiting_delivery
    where delivery_id in (
        select id
        from postbell.delivery
        where notification_id = any(notification_ids)
          and reason = 'cancelled'
    );
end
$$;

comment on function postbell_private.cancel_deliveries(bigint[]) is 'Cancels the deliveries of events that are not yet handed over, and counts both kinds. The undecided rest of an event that is scheduled or being fanned out counts as one, or not at all while the router processes it.';


create or replace function postbell.cancel(
    subject text,
    tenant_id text default 'default',
    out taken_back bigint,
    out handed_over bigint
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell.require_identifier('subject', cancel.subject);
    perform postbell.require_identifier('tenant_id', cancel.tenant_id);

    insert into postbell_private.cancellation (tenant_id, subject)
    values (cancel.tenant_id, cancel.subject);

    select recalled.taken_back, recalled.handed_over
    into taken_back, handed_over
    from postbell_private.cancel_deliveries(array(
        select id
        from postbell_private.notification
        where subject = cancel.subject
          and tenant_id = cancel.tenant_id
    )) as recalled;
end
$$;

comment on function postbell.cancel(text, text) is
    'Cancels the events about a subject that were emitted until now, in this transaction too; later ones are delivered. Returns how many deliveries were taken back and how many were already handed over. A scheduled event counts as one, and so does the undecided rest of a large audience. Events that are not routed yet are cancelled and not counted; neither are those that the router is processing.';


create or replace function postbell.cancel(outbox_id bigint, out taken_back bigint, out handed_over bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    insert into postbell_private.cancellation (outbox_id)
    values (cancel.outbox_id);

    select recalled.taken_back, recalled.handed_over
    into taken_back, handed_over
    from postbell_private.cancel_deliveries(array[cancel.outbox_id]) as recalled;
end
$$;

comment on function postbell.cancel(bigint) is
    'Cancels one event. Returns how many deliveries were taken back and how many were already handed over, counted as in postbell.cancel(subject).';
