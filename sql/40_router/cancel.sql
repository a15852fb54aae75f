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
        from postbell.open_delivery
        where notification_id = any(notification_ids)
          and state in ('queued', 'waiting')
        for update skip locked
    ),

    recalled as (
        update postbell.open_delivery as d set
            state = postbell_private.settled_state(d.sent_at, 'cancelled'),
            reason = 'cancelled'
        from free
        where d.id = free.id
        returning d.id, d.state
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
    insert into postbell_private.cancellation (tenant_id, subject, last_delivery_id)
    select cancel.tenant_id, cancel.subject, coalesce(max(id), 0)
    from postbell.delivery;

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
    'Cancels the events about a subject that were emitted until now, in this transaction too; later ones are delivered. Returns how many deliveries were taken back and how many were already handed over. A scheduled event counts as one, and so does the undecided rest of a large audience. Events that are not routed yet are cancelled and not counted; neither are those that the router is processing: their inbox items are removed once this transaction has committed.';


create or replace function postbell.cancel(outbox_id bigint, out taken_back bigint, out handed_over bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    insert into postbell_private.cancellation (outbox_id, last_delivery_id)
    select cancel.outbox_id, coalesce(max(id), 0)
    from postbell.delivery;

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

comment on function postbell_private.remove_items(bigint[]) is 'Cancels deliveries to the inbox, and removes their items.';


create or replace function postbell_private.late_deliveries(cancelled postbell_private.cancellation) returns setof bigint
language plpgsql stable
as $$
#variable_conflict use_column
declare
    -- Beyond this number the events of the subject are fewer than the deliveries since.
    v_many constant bigint := 10000;
    v_last constant bigint := (select max(id) from postbell.delivery);
begin
    -- Only the leading router makes deliveries, one transaction after the other.
    if v_last <= (cancelled).last_delivery_id then
        return;
    end if;

    if v_last - (cancelled).last_delivery_id < v_many then
        return query
        select d.id
        from (
            select *
            from postbell.delivery
            where id > (cancelled).last_delivery_id
            offset 0
        ) as d
        join postbell_private.notification as n on n.id = d.notification_id
        join postbell.channel on channel.name = d.channel
        cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as cancellation
        where (n.id = (cancelled).outbox_id or n.subject = (cancelled).subject and n.tenant_id = (cancelled).tenant_id)
          and channel.is_kept
          and d.state in ('queued', 'delivered')
          and cancellation.is_cancelled;
        return;
    end if;

    return query
    select d.id
    from (
        select *
        from postbell_private.notification
        where id = (cancelled).outbox_id

        union all
        select *
        from postbell_private.notification
        where subject = (cancelled).subject
          and tenant_id = (cancelled).tenant_id
    ) as n
    cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as cancellation
    join postbell.delivery as d on d.notification_id = n.id
    join postbell.channel on channel.name = d.channel
    where d.id > (cancelled).last_delivery_id
      and channel.is_kept
      and d.state in ('queued', 'delivered')
      and cancellation.is_cancelled;
end
$$;

comment on function postbell_private.late_deliveries(postbell_private.cancellation) is
    'Returns deliveries to the inbox that the canceller could not see. What it saw was taken back, or counted as handed over.';


create or replace function postbell_private.take_back_items() returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_cancelled postbell_private.cancellation;
    v_late bigint[];
    v_free bigint[];
    v_is_done boolean := true;
begin
    for v_cancelled in
        select *
        from postbell_private.cancellation
        where applied_at is null
        order by id
        limit 100
    loop
        v_late := array(select * from postbell_private.late_deliveries(v_cancelled));
        -- Nobody is waited for: a dispatcher that is writing an item, or a person's page that is marking it as read.
        v_free := array(
            select d.id
            from postbell.delivery as d
            where d.id = any(v_late)
              and d.state in ('queued', 'delivered')
            for no key update of d skip locked
        );
        v_free := array(
            select d.id
            from postbell.delivery as d
            where d.id = any(v_free)
              and not exists (
                  select
                  from postbell.inbox_item as item
                  where item.recipient_id = d.recipient_id
                    and item.tenant_id = d.tenant_id
                    and item.id = d.id
              )

            union all
            select locked.id
            from (
                select item.id
                from postbell.delivery as d
                join postbell.inbox_item as item
                    on item.recipient_id = d.recipient_id and item.tenant_id = d.tenant_id and item.id = d.id
                where d.id = any(v_free)
                for update of item skip locked
            ) as locked
        );
        if cardinality(v_free) > 0 then
            perform postbell_private.remove_items(v_free);
        end if;

        if v_free @> v_late then
            update postbell_private.cancellation set
                applied_at = clock_timestamp()
            where id = v_cancelled.id;
        else
            v_is_done := false;
        end if;
    end loop;
    return v_is_done;
end
$$;

comment on function postbell_private.take_back_items() is
    'Removes inbox items of cancelled events that were written while the cancellation was open. Returns false if some are locked, and remain to be done.';
