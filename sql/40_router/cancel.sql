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


create or replace trigger wake_router
after insert on postbell_private.cancellation
for each statement
when (
    coalesce(current_setting('postbell.wake', true), '') <> 'off'
    and not pg_try_advisory_xact_lock_shared(1886351214, 1)
)
execute function postbell_private.wake_router();

comment on trigger wake_router on postbell_private.cancellation is 'Wakes the router as an event does, to take back what it wrote meanwhile; see postbell_private.take_back_items().';


create or replace function postbell_private.cancelled_between(since pg_snapshot, until pg_snapshot)
returns setof postbell_private.cancellation
language sql stable
as $$
    select *
    from postbell_private.cancellation
    where xid >= pg_snapshot_xmin(cancelled_between.since)
      and not pg_visible_in_snapshot(xid, cancelled_between.since)
      and pg_visible_in_snapshot(xid, cancelled_between.until)
$$;

comment on function postbell_private.cancelled_between(pg_snapshot, pg_snapshot) is
    'Returns the cancellations whose transactions committed between two snapshots.';


create or replace function postbell_private.full_xid(xmin xid, latest xid8) returns xid8
language sql immutable parallel safe
-- A system column has the lower 32 bits only. The row is a recent one, so it is the last transaction with these bits.
return (
    latest::text::bigint - (latest::text::bigint - xmin::text::bigint + 4294967296) % 4294967296
)::text::xid8;

comment on function postbell_private.full_xid(xid, xid8) is
    'Returns the transaction of a row by its column xmin, given a later transaction that is at most two thousand million ahead.';


create or replace function postbell_private.remove_items(delivery_ids bigint[]) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_is_gateway_present constant boolean := postbell_private.is_gateway_present();
begin
    with settled as (
        update postbell.delivery set
            state = 'cancelled',
            reason = 'cancelled',
            sent_at = null,
            delivered_at = null
        where id = any(delivery_ids)
          and state in ('queued', 'delivered')
        returning id, tenant_id, recipient_id
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select id, 'stopped', 'cancelled'
        from settled
    ),

    removed as (
        delete from postbell.inbox_item as item
        using settled
        where item.recipient_id = settled.recipient_id
          and item.tenant_id = settled.tenant_id
          and item.id = settled.id
        returning item.id, item.tenant_id, item.recipient_id
    )

    -- Open pages drop what is archived.
    insert into postbell_private.stream_event (tenant_id, kind, recipient_ids, item_ids)
    select tenant_id, 'archived', array_agg(recipient_id), array_agg(id)
    from removed
    where v_is_gateway_present
    group by tenant_id;
    if found then
        perform postbell_private.notify_gateways();
    end if;
end
$$;

comment on function postbell_private.remove_items(bigint[]) is 'Cancels deliveries to the inbox that are queued or delivered, and removes their items.';


create or replace function postbell_private.take_back_items(since pg_snapshot, until pg_snapshot) returns boolean
language plpgsql
as $$
#variable_conflict use_column
declare
    v_late bigint[];
begin
    if not exists (select from postbell_private.cancelled_between(take_back_items.since, take_back_items.until)) then
        return false;
    end if;

    -- Only what the canceller could not see: what it saw was taken back, or counted as handed over.
    with late as materialized (
        select d.id
        from postbell_private.cancelled_between(take_back_items.since, take_back_items.until) as c
        cross join lateral (
            select *
            from postbell_private.notification
            where id = c.outbox_id

            union all
            select *
            from postbell_private.notification
            where subject = c.subject
              and tenant_id = c.tenant_id
        ) as n
        cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as cancellation
        join postbell.delivery as d on d.notification_id = n.id
        join postbell.channel on channel.name = d.channel
        where cancellation.is_cancelled
          and channel.is_kept
          and (
              d.state = 'queued'
              -- Items are written in no subtransaction, whose id no snapshot has.
              or d.state = 'delivered'
              and not pg_visible_in_snapshot(
                  postbell_private.full_xid(d.xmin, pg_snapshot_xmax(pg_current_snapshot())), c.snapshot
              )
          )
        -- Waits for a dispatcher that is writing items.
        for no key update of d
    )
    select array_agg(id) into v_late
    from late;

    -- Another statement: it sees the items of that dispatcher.
    if v_late is not null then
        perform postbell_private.remove_items(v_late);
    end if;
    return true;
end
$$;

comment on function postbell_private.take_back_items(pg_snapshot, pg_snapshot) is
    'Removes inbox items of cancelled events that were written while the cancellation was open, or committed while they were being written. It applies the cancellations that committed between two snapshots, and returns whether there are any.';
