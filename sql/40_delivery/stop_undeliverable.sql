create or replace function postbell.stop_undeliverable(delivery_ids bigint[]) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    -- Once: the ladder's answer is looked at several times, and would be asked for each.
    with climbed as materialized (
        select
            d.id,
            d.channel,
            d.is_silent,
            tombstone.is_cancelled,
            n.id is null as is_deleted,
            kind.key is null as is_unknown,
            n.expires_at <= postbell.clock() and d.channel <> 'in_app' as is_expired,
            verdict.reason
        from postbell.delivery as d
        -- Whatever was deleted meanwhile: each delivery gets an answer, or it would be in nobody's hands for good.
        left join postbell.notification as n on n.id = d.notification_id
        left join postbell.event_type as kind on kind.key = d.event
        left join postbell.tenant_event as of_tenant on of_tenant.tenant_id = d.tenant_id and of_tenant.event = d.event
        left join postbell.tenant as tenant on tenant.id = d.tenant_id
        left join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
        cross join lateral postbell.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as tombstone
        cross join lateral postbell.address_on(d.channel, person.tenant_id, person.id, person.email, person.phone) as reach
        left join postbell.suppression as barred
            on barred.tenant_id = d.tenant_id
            and barred.channel = d.channel
            and barred.address = postbell.normal_address(d.channel, reach.address)
            and barred.expires_at > postbell.clock()
        cross join lateral postbell.is_switched_off(d.tenant_id, d.recipient_id, d.channel, kind.category, d.event) as choice
        cross join lateral postbell.is_muted(
            d.tenant_id, d.recipient_id, kind.category, d.event, n.subject, postbell.clock()
        ) as silence
        cross join lateral postbell.ladder(
            -- Who caused it, and that its time had come, are settled.
            is_actor => false,
            event_is_disabled => kind.disabled_at is not null,
            tenant_event_is_disabled => of_tenant.disabled_at is not null,
            channel_is_disabled => d.channel = any(tenant.disabled_channels),
            has_template => d.channel = any(kind.channels),
            is_unknown => person.id is null,
            is_erased => person.erased_at is not null,
            has_address => reach.address is not null,
            is_suppressed => barred.address is not null,
            is_forced => d.rung = 5,
            -- What is in the inbox is there to stay.
            is_off => d.channel <> 'in_app' and choice.is_off,
            is_muted => silence.is_muted,
            is_quiet => false,
            is_critical => false
        ) as verdict
        where d.id = any(delivery_ids)
          and d.state in ('queued', 'sending')
    ),

    judged as (
        select
            id,
            case
                when is_cancelled then 'cancelled'
                when is_deleted then 'event_deleted'
                when is_unknown then 'unknown_event'
                when is_expired then 'expired'
                when not postbell.is_allowed(reason, channel) then reason
            end as reason,
            reason = 'muted' and not is_silent as falls_silent
        from climbed
    ),

    -- Only what changes is locked, and what somebody is just cancelling is left to them.
    overtaken as (
        select judged.*
        from judged
        join postbell.delivery as d on d.id = judged.id
        where (judged.reason is not null or judged.falls_silent)
          and d.state in ('queued', 'sending')
        for update of d skip locked
    ),

    changed as (
        update postbell.delivery as d set
            state = case
                when overtaken.reason is null then d.state
                -- What has reached one device of a person is sent, whatever becomes of the others.
                when d.sent_at is not null then 'sent'
                when overtaken.reason in ('cancelled', 'expired') then overtaken.reason
                else 'skipped'
            end,
            reason = coalesce(overtaken.reason, d.reason),
            is_silent = d.is_silent or overtaken.falls_silent,
            -- What is kept silently is decided anew; what is stopped says so by its reason.
            rung = case when overtaken.reason is null then 7 else d.rung end,
            verdict = case when overtaken.reason is null then 'muted' else d.verdict end
        from overtaken
        where d.id = overtaken.id
        returning d.id, overtaken.reason
    )

    insert into postbell.delivery_step (delivery_id, what, reason)
    select id, 'stopped', reason
    from changed
    where reason is not null;
end
$$;

comment on function postbell.stop_undeliverable(bigint[]) is
    'What was decided may be overtaken by the time it is sent: cancelled, expired, the event stopped or gone, the channel not used any more, the person gone, the address suppressed, the channel switched off, or muted. The ladder is climbed again: a word said now counts for what is already queued. What is muted is kept in the inbox silently.';
