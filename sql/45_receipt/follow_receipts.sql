create or replace function postbell.follow_receipts(delivery_ids bigint[]) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    with spoken as materialized (
        select
            r.delivery_id, r.provider_message_id, r.provider_event_id, r.occurred_at,
            r.kind, known.rank, known.state, coalesce(r.reason, r.code, r.kind) as reason
        from postbell.receipt as r
        join postbell.receipt_kinds as known on known.kind = r.kind
        where r.delivery_id = any(follow_receipts.delivery_ids)
    ),

    -- How far each message came. All that was ever said is asked, so the order of its coming does not matter.
    last_word as (
        select distinct on (delivery_id, coalesce(provider_message_id, '')) *
        from spoken
        order by delivery_id, coalesce(provider_message_id, ''), rank desc, occurred_at desc, provider_event_id
    ),

    -- One that was sent twice has arrived if either has.
    outcome as (
        select distinct on (delivery_id) *
        from last_word
        order by
            delivery_id, array_position(array['delivered', 'sent', 'bounced', 'failed'], state),
            occurred_at desc, provider_event_id
    ),

    moment as (
        select
            delivery_id,
            min(occurred_at) as known_at,
            min(occurred_at) filter (where state = 'delivered') as delivered_at,
            min(occurred_at) filter (where kind = 'opened') as opened_at,
            min(occurred_at) filter (where kind = 'clicked') as clicked_at
        from spoken
        group by delivery_id
    ),

    settled as (
        update postbell.delivery as d set
            state = moved.state,
            reason = case
                when moved.state in ('bounced', 'failed') and moved.state = outcome.state then outcome.reason
                when moved.state <> d.state then null
                else d.reason
            end,
            provider_message_id = coalesce(d.provider_message_id, outcome.provider_message_id),
            sent_at = case when moved.state in ('sent', 'delivered') then coalesce(d.sent_at, moment.known_at) else d.sent_at end,
            delivered_at = case when moved.state = 'delivered' then moment.delivered_at end,
            opened_at = moment.opened_at,
            clicked_at = moment.clicked_at
        from outcome
        join moment on moment.delivery_id = outcome.delivery_id
        join postbell.delivery as former on former.id = outcome.delivery_id
        cross join lateral (
            select case
                when outcome.state = 'delivered' then 'delivered'
                when outcome.state = 'sent' and former.state <> 'delivered' then 'sent'
                -- What is about to be tried again is not given up for what befell an earlier try.
                when former.state in ('sent', 'delivered', 'unknown', 'bounced', 'failed') then outcome.state
                else former.state
            end as state
        ) as moved
        where d.id = outcome.delivery_id
        returning d.id, d.state
    ),

    -- Known to have been sent: there is nothing to try again.
    spared as (
        delete from postbell.waiting_delivery
        where delivery_id in (select id from settled where state in ('sent', 'delivered'))
    ),

    revived as (
        delete from postbell.dead_letter
        where delivery_id in (select id from settled where state in ('sent', 'delivered'))
    )

    insert into postbell.dead_letter (delivery_id)
    select id
    from settled
    where state in ('bounced', 'failed')
    on conflict (delivery_id) do nothing;
end
$$;

comment on function postbell.follow_receipts(bigint[]) is
    'Brings deliveries to where their receipts say that they are. Never back, and the same whatever the order.';
