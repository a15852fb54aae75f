create or replace function postbell.take_back(
    notification_ids bigint[],
    out taken_back bigint,
    out handed_over bigint
)
language plpgsql
as $$
#variable_conflict use_column
begin
    -- Nobody waits for anybody: what a dispatcher has in hand just now counts as handed over.
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
    )

    select
        (select count(*) from recalled where state = 'cancelled'),
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
    delete from postbell.scheduled_notification
    where notification_id = any(notification_ids);
end
$$;

comment on function postbell.take_back(bigint[]) is 'Cancels what is not yet in a provider''s hands, and counts both.';
