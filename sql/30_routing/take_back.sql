create or replace function postbell.take_back(
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
    -- Nobody waits for anybody: a delivery that somebody has in hand just now counts as handed over. An event that the
    -- router has in hand is in neither count: whom it tells is not known here yet.
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
            -- What has reached one device of a person is sent, whatever becomes of the others.
            state = case when sent_at is null then 'cancelled' else 'sent' end,
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

comment on function postbell.take_back(bigint[]) is 'Cancels what is not yet in a provider''s hands, and counts both. Of an event that is scheduled, or whose large audience is being told, nobody knows yet whom else it would have been told: that rest counts as one, or not at all while the router has it in hand.';
