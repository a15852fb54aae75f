create or replace function postbell_private.ladder(
    is_actor boolean default false,
    event_is_disabled boolean default false, tenant_event_is_disabled boolean default false,
    channel_is_disabled boolean default false, has_template boolean default false,
    is_unknown boolean default false, is_erased boolean default false, has_address boolean default false,
    is_suppressed boolean default false,
    is_forced boolean default false,
    is_off boolean default false,
    is_muted boolean default false,
    is_quiet boolean default false, is_critical boolean default false,
    is_kept boolean default false
) returns postbell_private.ladder_answer
language sql immutable parallel safe
return case
    when is_actor then row(0, 'actor', 'drop')::postbell_private.ladder_answer
    when event_is_disabled then row(1, 'event_disabled', 'drop')::postbell_private.ladder_answer
    when tenant_event_is_disabled then row(1, 'tenant_event_disabled', 'drop')::postbell_private.ladder_answer
    when channel_is_disabled then row(2, 'channel_disabled', 'drop')::postbell_private.ladder_answer
    when not has_template then row(2, 'no_template', 'drop')::postbell_private.ladder_answer
    when is_erased then row(3, 'recipient_erased', 'drop')::postbell_private.ladder_answer
    when is_unknown then row(3, 'recipient_unknown', 'drop')::postbell_private.ladder_answer
    when not has_address then row(3, 'no_address', 'drop')::postbell_private.ladder_answer
    when is_suppressed then row(4, 'address_suppressed', 'drop')::postbell_private.ladder_answer
    when is_forced then row(5, 'forced', 'deliver')::postbell_private.ladder_answer
    when is_off then row(6, 'switched_off', 'drop')::postbell_private.ladder_answer
    when is_muted then row(7, 'muted', case when is_kept then 'silence' else 'drop' end)::postbell_private.ladder_answer
    when is_quiet and not is_critical then row(10, 'quiet_hours', 'later')::postbell_private.ladder_answer
    else row(11, 'wanted', 'deliver')::postbell_private.ladder_answer
end;

comment on function postbell_private.ladder is
    'Returns the first rung of the ladder that applies, with its reason and effect: deliver, silence (kept in the inbox and not counted as unread), later, digest or drop. The rungs ask, in this order, for the actor, a disabled event, channel and template, recipient and address, suppression, forced channels, preferences, mutes and quiet hours.';


create or replace function postbell_private.candidate_of(notification postbell_private.notification, recipient_id text) returns postbell_private.candidate
language sql immutable parallel safe
return row(
    (notification).id,
    (notification).tenant_id,
    (notification).event,
    recipient_id,
    (notification).actor,
    ((notification).audience -> 'notify_actor')::boolean,
    (notification).channels,
    (notification).forced_channels,
    (notification).priority,
    (notification).subject,
    (notification).deliver_at,
    (notification).expires_at,
    (notification).created_at
)::postbell_private.candidate;

comment on function postbell_private.candidate_of(postbell_private.notification, text) is 'Returns one recipient of an event as an argument for postbell_private.decide().';


create or replace function postbell_private.addressed(candidates postbell_private.candidate[])
returns table (
    notification_id bigint, tenant_id text, event text, recipient_id text, channels text[], subject text,
    expires_at timestamptz, created_at timestamptz, ready_at timestamptz, urgency text, is_actor boolean, category text,
    templates text[], event_is_disabled boolean, tenant_event_is_disabled boolean, event_channels text[],
    tenant_channels text[], all_forced text[], switched_on text[], disabled_channels text[], is_unknown boolean,
    is_erased boolean, email text, phone text, home_zone text, locale text, time_zone text, attributes jsonb
)
language sql stable
as $$
    select
        candidate.notification_id,
        candidate.tenant_id,
        candidate.event,
        candidate.recipient_id,
        candidate.channels,
        candidate.subject,
        candidate.expires_at,
        candidate.created_at,
        greatest(candidate.deliver_at, postbell.clock()),
        coalesce(candidate.priority, kind.priority),
        coalesce(candidate.recipient_id = candidate.actor, false)
            and not coalesce(candidate.notify_actor, kind.notify_actor),
        kind.category,
        kind.channels,
        kind.disabled_at is not null,
        of_tenant.disabled_at is not null,
        kind.default_channels,
        of_tenant.default_channels,
        kind.forced_channels || candidate.forced_channels,
        choice.channels,
        tenant.disabled_channels,
        person.id is null,
        person.erased_at is not null
            or person.id is null and postbell_private.is_erased(candidate.tenant_id, candidate.recipient_id),
        person.email,
        person.phone,
        coalesce(person.time_zone, tenant.time_zone),
        person.locale,
        person.time_zone,
        person.attributes
    from unnest(candidates) as candidate
    join postbell.event_type as kind on kind.key = candidate.event
    join postbell.tenant on tenant.id = candidate.tenant_id
    left join postbell.tenant_event as of_tenant
        on of_tenant.tenant_id = candidate.tenant_id and of_tenant.event = candidate.event
    left join postbell.recipient as person
        on person.tenant_id = candidate.tenant_id and person.id = candidate.recipient_id
    cross join lateral postbell.switched_on(candidate.tenant_id, candidate.recipient_id, candidate.event) as choice
$$;

comment on function postbell_private.addressed(postbell_private.candidate[]) is
    'Returns each candidate with what is decided by its event, tenant and person. PostgreSQL inlines it, so columns that a caller does not read cost nothing.';


create or replace function postbell_private.decide(candidates postbell_private.candidate[]) returns setof postbell_private.decided
language plpgsql stable
-- Rows are looked up by key, also where the caller joins large sets.
set enable_hashjoin = off
as $$
#variable_conflict use_column
begin
    return query
    with addressed as materialized (
        select *
        from postbell_private.addressed(candidates)
    ),

    -- Each wanted channel with the facts that the ladder asks for.
    wanted as materialized (
        select
            addressed.*,
            wish.channel,
            wish.is_forced,
            wish.is_kept,
            reach.address,
            not wish.is_kept and exists (
                select
                from postbell.suppression
                where tenant_id = addressed.tenant_id
                  and channel = wish.channel
                  and address = postbell_private.normal_address(wish.address_kind, reach.address)
                  and expires_at > postbell.clock()
            ) as is_suppressed,
            choice.is_off,
            silence.is_muted
        from addressed
        cross join lateral postbell.channels_wanted(
            addressed.channels, addressed.tenant_channels, addressed.event_channels, addressed.all_forced,
            addressed.switched_on
        ) as wish
        cross join lateral postbell.is_switched_off(
            addressed.tenant_id, addressed.recipient_id, wish.channel, addressed.category, addressed.event
        ) as choice
        cross join lateral postbell_private.is_muted(
            addressed.tenant_id, addressed.recipient_id, addressed.category, addressed.event, addressed.subject,
            addressed.ready_at
        ) as silence
        -- OFFSET 0: normal_address() names its argument twice, and would not be inlined with a function call there.
        cross join lateral (
            select address
            from postbell_private.address_of(
                wish.address_kind, addressed.tenant_id, addressed.recipient_id, addressed.email, addressed.phone
            )
            offset 0
        ) as reach
    ),

    -- Materialized: the query below uses the answer a dozen times, and would compute it each time. The ladder is asked as if
    -- it were quiet: quiet hours cost more than everything else together, so they are read only where no rung before them applies.
    answered as materialized (
        select
            wanted.*,
            postbell_private.ladder(
                is_actor => wanted.is_actor,
                event_is_disabled => wanted.event_is_disabled,
                tenant_event_is_disabled => wanted.tenant_event_is_disabled,
                channel_is_disabled => wanted.channel = any(wanted.disabled_channels),
                has_template => wanted.channel = any(wanted.templates),
                is_unknown => wanted.is_unknown,
                is_erased => wanted.is_erased,
                has_address => wanted.address is not null,
                is_suppressed => wanted.is_suppressed,
                is_forced => wanted.is_forced,
                is_off => wanted.is_off,
                is_muted => wanted.is_muted,
                is_quiet => not wanted.is_kept,
                is_critical => wanted.urgency = 'critical',
                is_kept => wanted.is_kept
            ) as answer
        from wanted
    ),

    -- Each zone of the chunk once. Not evaluated unless quiet hours may hold a channel back.
    zones as materialized (
        select jsonb_object_agg(zone, postbell_private.seconds_ahead(zone)) as ahead
        from (select distinct home_zone as zone from addressed) as home
    ),

    asked as materialized (
        select
            answered.*,
            case
                when (answer).reason = 'quiet_hours' and exists (
                    select
                    from (
                        select wall_clock - date_trunc('week', wall_clock)
                        from (values (
                            answered.ready_at at time zone 'UTC'
                            + make_interval(secs => ((select ahead from zones) ->> answered.home_zone)::integer)
                        )) as local (wall_clock)
                        offset 0
                    ) as week (moment)
                    cross join postbell.quiet_hours as q
                    where q.tenant_id = answered.tenant_id
                      and q.recipient_id = answered.recipient_id
                      and answered.channel = any(q.channels)
                      and (q.time_zone is not null or postbell_private.is_near_window(week.moment, q.day, q.starts, q.ends) is not false)
                )
                    then postbell_private.quiet_until(
                        answered.tenant_id, answered.recipient_id, answered.channel, answered.ready_at, answered.home_zone
                    )
            end as quiet_until
        from answered
    ),

    timed as (
        select
            asked.*,
            (final.answer).rung,
            (final.answer).reason,
            (final.answer).effect,
            coalesce(asked.quiet_until, asked.ready_at) as due_at
        from asked
        cross join lateral (
            select case
                -- It is not quiet after all, and no rung before that applied: the answer is that of the last rung.
                when (asked.answer).reason = 'quiet_hours' and asked.quiet_until is null
                    then postbell_private.ladder(has_template => true, has_address => true)
                else asked.answer
            end
            offset 0
        ) as final (answer)
    ),

    due as (
        select
            timed.*,
            -- Channels that keep messages ignore expires_at.
            effect <> 'drop' and not is_kept and expires_at <= due_at as is_expired
        from timed
    )

    select
        notification_id,
        tenant_id,
        event,
        recipient_id,
        channel,
        urgency,
        case
            when effect = 'drop' or is_expired then 'no'
            when due_at > postbell.clock() then 'later'
            else 'now'
        end,
        rung,
        case when is_expired then 'expired' else reason end,
        case when effect <> 'drop' and is_expired is not true then due_at end,
        effect = 'silence',
        created_at,
        case when is_expired then 'drop' else effect end,
        category,
        subject,
        is_kept
    from due;
end
$$;

comment on function postbell_private.decide(postbell_private.candidate[]) is
    'Decides about each wanted channel of each candidate, with the rung of the ladder that applied. The router and postbell.explain() both call it.';
