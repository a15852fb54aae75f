create or replace function postbell.decide_again(delivery_ids bigint[]) returns void
language plpgsql
set enable_hashjoin = on
as $$
#variable_conflict use_column
declare
    v_candidates postbell.candidate[];
    v_queued bigint[];
begin
    select array_agg(distinct postbell.candidate_of(n, d.recipient_id))
    into v_candidates
    from unnest(delivery_ids) as due (id)
    join postbell.delivery as d on d.id = due.id
    join postbell.notification as n on n.id = d.notification_id
    where d.state = 'waiting';

    with decided as materialized (
        select *
        from postbell.decide(v_candidates)
    ),

    settled as (
        update postbell.delivery as d set
            state = case
                -- What has reached one device of a person is sent, whatever becomes of the others.
                when stop.reason is not null then case when d.sent_at is null then 'cancelled' else 'sent' end
                when again.decision = 'now' then 'queued'
                when again.decision = 'later' then 'waiting'
                when again.reason = 'expired' then 'expired'
                else 'skipped'
            end,
            reason = stop.reason,
            decision = case
                when stop.reason is not null then d.decision
                -- It had to wait: that stays true once its time has come.
                when d.decision = 'later' and again.decision = 'now' then d.decision
                else coalesce(again.decision, 'no')
            end,
            rung = case when stop.reason is null then coalesce(again.rung, 0) else d.rung end,
            verdict = case when stop.reason is null then answer.reason else d.verdict end,
            is_silent = coalesce(again.is_silent, d.is_silent),
            due_at = coalesce(again.due_at, d.due_at)
        from postbell.delivery as former
        -- Whatever was deleted meanwhile: each delivery gets an answer, or it would be in nobody's hands for good.
        left join postbell.notification as n on n.id = former.notification_id
        left join postbell.event_type as kind on kind.key = former.event
        cross join lateral postbell.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as tombstone
        left join decided as again
            on again.notification_id = former.notification_id
            and again.recipient_id = former.recipient_id
            and again.channel = former.channel
        cross join lateral (
            select case
                when again.reason is not null then again.reason
                when n.id is null then 'event_deleted'
                when kind.key is null then 'unknown_event'
                else 'no_longer_wanted'
            end as reason
        ) as answer
        -- What ends it though the decision to send it stands.
        cross join lateral (
            select case
                when tombstone.is_cancelled then 'cancelled'
                when former.sent_at is not null and coalesce(again.decision, 'no') = 'no' then answer.reason
            end as reason
        ) as stop
        where former.id = any(delivery_ids)
          and d.id = former.id
          and d.state = 'waiting'
        returning
            d.id, d.tenant_id, d.recipient_id, d.state, d.due_at,
            coalesce(d.reason, d.verdict) as reason,
            -- Without a reason of its own, it was the decision that let it wait.
            case when former.reason is null then former.verdict end as waited_for
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select
            id,
            case state when 'queued' then 'released' else 'stopped' end,
            case state when 'queued' then waited_for else reason end
        from settled
        where state = 'queued' and waited_for is not null
           or state not in ('queued', 'waiting')
    ),

    waiting as (
        insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
        select id, tenant_id, recipient_id, false, due_at
        from settled
        where state = 'waiting'
    )

    select array_agg(id order by id) into v_queued
    from settled
    where state = 'queued';

    perform postbell.enqueue(v_queued, is_bulk => false);
end
$$;

comment on function postbell.decide_again(bigint[]) is
    'Asks the ladder once more about deliveries that waited: the person may have changed zone, hours or mind meanwhile.';
