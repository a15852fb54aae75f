create or replace function postbell.stop_undeliverable(delivery_ids bigint[]) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    with overtaken as (
        select
            candidate.id,
            case
                when tombstone.is_cancelled then 'cancelled'
                when n.expires_at <= postbell.clock() and candidate.channel <> 'in_app' then 'expired'
                else 'skipped'
            end as state,
            case
                when tombstone.is_cancelled then 'cancelled'
                when n.expires_at <= postbell.clock() and candidate.channel <> 'in_app' then 'expired'
                when person.id is null then 'recipient_unknown'
                when person.erased_at is not null then 'recipient_erased'
                when reach.address is null then 'no_address'
                when barred.address is not null then 'address_suppressed'
                -- What is forced (rung 5) nobody can switch off; what is in the inbox is there to stay.
                when candidate.rung <> 5 and candidate.channel <> 'in_app' and choice.is_off then 'switched_off'
            end as reason
        from postbell.delivery as candidate
        join postbell.notification as n on n.id = candidate.notification_id
        join postbell.event_type as kind on kind.key = candidate.event
        cross join lateral postbell.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as tombstone
        left join postbell.recipient as person
            on person.tenant_id = candidate.tenant_id and person.id = candidate.recipient_id
        cross join lateral postbell.address_on(candidate.channel, person.tenant_id, person.id, person.email, person.phone) as reach
        left join postbell.suppression as barred
            on barred.tenant_id = candidate.tenant_id
            and barred.channel = candidate.channel
            and barred.address = postbell.normal_address(candidate.channel, reach.address)
            and barred.expires_at > postbell.clock()
        cross join lateral postbell.is_switched_off(
            candidate.tenant_id, candidate.recipient_id, candidate.channel, kind.category, candidate.event
        ) as choice
        where candidate.id = any(delivery_ids)
          and candidate.state in ('queued', 'sending')
    ),

    -- Only what is to be stopped is locked, and what somebody is just cancelling is left to them.
    stop as (
        select overtaken.id, overtaken.state, overtaken.reason
        from overtaken
        join postbell.delivery as d on d.id = overtaken.id
        where overtaken.reason is not null
          and d.state in ('queued', 'sending')
        for update of d skip locked
    ),

    stopped as (
        update postbell.delivery as d set
            -- What has reached one device of a person is sent, whatever becomes of the others.
            state = case when d.sent_at is null then stop.state else 'sent' end,
            reason = stop.reason
        from stop
        where d.id = stop.id
        returning d.id, d.reason
    )

    insert into postbell.delivery_step (delivery_id, what, reason)
    select id, 'stopped', reason
    from stopped;
end
$$;

comment on function postbell.stop_undeliverable(bigint[]) is
    'What was decided may be overtaken by the time it is sent: cancelled, expired, the person gone, the address suppressed, the channel switched off. A word said now counts for what is already queued.';
