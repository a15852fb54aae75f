create or replace function postbell.make_deliveries(candidates postbell.candidate[], is_bulk boolean) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_queued bigint[];
begin
    with decided as materialized (
        select *
        from postbell.decide(candidates)
    ),

    made as (
        insert into postbell.delivery (
            notification_id, tenant_id, recipient_id, event, channel, priority,
            decision, rung, verdict, is_silent, state, due_at, created_at
        )
        select
            decided.notification_id, decided.tenant_id, decided.recipient_id, decided.event, decided.channel, decided.priority,
            decided.decision, decided.rung, decided.reason, decided.is_silent,
            case
                when decision = 'now' then 'queued'
                when decision = 'later' then 'waiting'
                when decided.reason = 'expired' then 'expired'
                else 'skipped'
            end,
            decided.due_at, decided.created_at
        from decided
        -- An inbox shows its items in order of delivery: what was emitted first gets the lower id.
        order by decided.notification_id, decided.recipient_id, decided.channel
        returning id, tenant_id, recipient_id, state, due_at
    ),

    waiting as (
        insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
        select id, tenant_id, recipient_id, false, due_at
        from made
        where state = 'waiting'
    )

    select array_agg(id order by id)
    into v_queued
    from made
    where state = 'queued';

    -- What cannot be queued is the caller's to close in on, as all else that fails here.
    if v_queued is not null then
        perform postbell.make_batches(v_queued, is_bulk, interval '0');
    end if;
end
$$;

comment on function postbell.make_deliveries(postbell.candidate[], boolean) is 'Decides about each candidate, writes the decisions down, and queues what is due. All of it or nothing.';
