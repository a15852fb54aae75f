create or replace function postbell_private.undecided_event(outbox_id bigint) returns postbell.outbox
language plpgsql stable
as $$
#variable_conflict use_column
declare
    v_event postbell.outbox;
begin
    -- Accepted, and scheduled or being fanned out.
    select
        n.id, n.tenant_id, n.event, n.recipient, n.payload, n.audience, n.channels, n.forced_channels, n.priority,
        n.subject, n.actor, n.deliver_at, n.expires_at
    into
        v_event.id, v_event.tenant_id, v_event.event, v_event.recipient, v_event.payload, v_event.audience,
        v_event.channels, v_event.forced_channels, v_event.priority,
        v_event.subject, v_event.actor, v_event.deliver_at, v_event.expires_at
    from postbell_private.notification as n
    cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as cancellation
    where n.id = undecided_event.outbox_id
      and not cancellation.is_cancelled
      and (
          exists (select from postbell.scheduled_notification as s where s.notification_id = n.id)
          or exists (select from postbell.fanout as f where f.notification_id = n.id)
      );

    -- Not routed yet: it is among the latest transactions of the outbox.
    if not found then
        select e.* into v_event
        from postbell.outbox as e
        cross join lateral postbell_private.is_cancelled(e.id, e.tenant_id, e.subject, e.xid, e.created_at) as cancellation
        where not cancellation.is_cancelled
          and e.id = undecided_event.outbox_id
          and e.xid >= (select pg_snapshot_xmin(step.snapshot) from postbell_private.current_step() as step)
          and not exists (select from postbell_private.notification as n where n.id = undecided_event.outbox_id)
          and not exists (select from postbell.rejected_event as r where r.outbox_id = undecided_event.outbox_id)
          and not exists (select from postbell_private.duplicate_event as d where d.outbox_id = undecided_event.outbox_id);
    end if;
    return v_event;
end
$$;

comment on function postbell_private.undecided_event(bigint) is 'Returns an event that is not decided yet, at least for a part of its audience; a row of nulls if there is none with this id.';


create or replace function postbell_private.simulate(event postbell.outbox)
returns table (recipient_id text, channel text, decision text, rung smallint, reason text, due_at timestamptz)
language plpgsql stable
as $$
#variable_conflict use_column
declare
    v_fault record;
begin
    select fault.reason, fault.detail into v_fault
    from postbell_private.validate_event(
        tenant_id => (event).tenant_id, event => (event).event, recipient => (event).recipient,
        payload => (event).payload, audience => (event).audience,
        channels => (event).channels, forced_channels => (event).forced_channels, priority => (event).priority,
        subject => (event).subject, actor => (event).actor, idempotency_key => (event).idempotency_key,
        deliver_at => (event).deliver_at, expires_at => (event).expires_at
    ) as fault;
    if v_fault.reason is not null and v_fault.reason not in ('unknown_recipient', 'recipient_erased') then
        return query select left((event).recipient, 255), null::text, 'no', 0::smallint, v_fault.reason, null::timestamptz;
        return;
    end if;

    return query
    select decided.recipient_id, decided.channel, decided.decision, decided.rung, decided.reason, decided.due_at
    from postbell_private.decide(array(
        select row(
            (event).id, (event).tenant_id, (event).event, member.recipient_id,
            (event).actor, ((event).audience -> 'notify_actor')::boolean,
            (event).channels, (event).forced_channels, (event).priority, (event).subject,
            (event).deliver_at, (event).expires_at, (event).created_at
        )::postbell_private.candidate
        from postbell_private.members_of((event).tenant_id, nullif((event).recipient, ''), (event).audience, '', null) as member
    )) as decided
    order by decided.recipient_id, decided.channel;
    if not found then
        return query select nullif((event).recipient, ''), null::text, 'no', 0::smallint, 'told_nobody', null::timestamptz;
    end if;
end
$$;

comment on function postbell_private.simulate(postbell.outbox) is 'Returns what the router would decide about an event, by calling the same functions.';


create or replace function postbell.explain(
    event text,
    recipient text default null,
    payload jsonb default '{}',
    tenant_id text default 'default',
    audience jsonb default null,
    channels text[] default null,
    forced_channels text[] default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null,
    subject text default null,
    actor text default null,
    priority text default null
)
returns table (recipient_id text, channel text, decision text, rung smallint, reason text, due_at timestamptz)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_event postbell.outbox;
begin
    v_event.tenant_id := explain.tenant_id;
    v_event.event := explain.event;
    v_event.recipient := explain.recipient;
    v_event.payload := explain.payload;
    v_event.audience := explain.audience;
    v_event.channels := explain.channels;
    v_event.forced_channels := explain.forced_channels;
    v_event.deliver_at := explain.deliver_at;
    v_event.expires_at := explain.expires_at;
    v_event.subject := explain.subject;
    v_event.actor := explain.actor;
    v_event.priority := explain.priority;

    return query select * from postbell_private.simulate(v_event);
end
$$;

comment on function postbell.explain(text, text, jsonb, text, jsonb, text[], text[], timestamptz, timestamptz, text, text, text) is
    'Explains what would be decided about an event if it were emitted now: now, later or no for each person and channel, with the rung of the ladder and the reason. Nothing is written.';


create or replace function postbell.explain(outbox_id bigint)
returns table (recipient_id text, channel text, decision text, rung smallint, reason text, due_at timestamptz)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_event postbell.outbox;
begin
    -- Decided.
    return query
    select log.recipient_id, log.channel::text, log.decision, log.rung, log.decision_reason, log.due_at
    from postbell.delivery_log as log
    where log.outbox_id = explain.outbox_id
    order by log.recipient_id, log.channel;

    -- Rejected, a duplicate, cancelled before it was decided, or addressed to nobody.
    return query
    select left(r.recipient, 255), null::text, 'no', 0::smallint, r.reason, null::timestamptz
    from postbell.rejected_event as r
    where r.outbox_id = explain.outbox_id
    union all
    select null, null, 'no', 0::smallint, 'duplicate_of_' || d.first_outbox_id, null
    from postbell_private.duplicate_event as d
    where d.outbox_id = explain.outbox_id
    union all
    select
        n.recipient, null, 'no', 0::smallint,
        case
            when cancellation.is_cancelled then 'cancelled'
            when not exists (select from postbell.event_type as kind where kind.key = n.event) then 'unknown_event'
            else 'told_nobody'
        end,
        null
    from postbell_private.notification as n
    cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as cancellation
    where n.id = explain.outbox_id
      and (
          cancellation.is_cancelled
          or not exists (select from postbell.scheduled_notification as s where s.notification_id = n.id)
          and not exists (select from postbell.fanout as f where f.notification_id = n.id)
      )
      and not exists (select from postbell.delivery as d where d.notification_id = n.id)
      and not exists (select from postbell.rejected_event as r where r.outbox_id = n.id);

    -- Not decided yet, for the whole audience or a part of it.
    v_event := postbell_private.undecided_event(explain.outbox_id);
    if v_event.id is not null then
        return query
        select simulated.*
        from postbell_private.simulate(v_event) as simulated
        where not exists (
            select
            from postbell.delivery as d
            where d.notification_id = explain.outbox_id
              and d.recipient_id = simulated.recipient_id
        )
          and not exists (
              select
              from postbell.rejected_event as r
              where r.outbox_id = explain.outbox_id
                and r.recipient = simulated.recipient_id
          );
    end if;
end
$$;

comment on function postbell.explain(bigint) is
    'Explains what was decided about an event, or would be if it is not routed yet: now, later or no for each person and channel, with the rung of the ladder and the reason. It also works in the transaction that emits the event.';


create or replace function postbell.preference_overview(at timestamptz default null)
returns table (
    category text, event text, label text, description text, channel text,
    is_wanted boolean, decision text, rung smallint, reason text, due_at timestamptz, is_silent boolean, off_by jsonb
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    with kind as (
        select e.category, e.key, e.label, e.description, e.channels
        from postbell.event_type as e
        where e.disabled_at is null
          and postbell.is_meant_for(postbell.current_tenant(), postbell.current_recipient(), e.roles)
          and not exists (
              select
              from postbell.tenant_event as custom
              where custom.tenant_id = postbell.current_tenant()
                and custom.event = e.key
                and custom.disabled_at is not null
          )
    ),

    -- Each event twice: as it would be emitted, and with all channels forced, to find what would prevent each.
    decided as materialized (
        select *
        from postbell_private.decide(array(
            select row(
                variant.number, postbell.current_tenant(), kind.key, postbell.current_recipient(), null, null,
                variant.named, variant.named, null, null, preference_overview.at, null, null
            )::postbell_private.candidate
            from kind
            cross join lateral (values (1, null), (2, kind.channels)) as variant (number, named)
        ))
    )

    select
        kind.category, kind.key, kind.label, kind.description, if_forced.channel,
        given.event is not null,
        case
            when given.event is null then 'no'
            when given.due_at <= greatest(preference_overview.at, postbell.clock()) then 'now'
            else given.decision
        end,
        case when given.event is not null then given.rung when if_forced.effect = 'drop' then if_forced.rung end,
        case when given.event is not null then given.reason when if_forced.effect = 'drop' then if_forced.reason else 'not_usual' end,
        case when given.due_at > greatest(preference_overview.at, postbell.clock()) then given.due_at end,
        coalesce(given.is_silent and given.decision <> 'no', false),
        array_to_json(array(
            select jsonb_build_object('channel', off_channel, 'category', off_category, 'event', off_event)
            from postbell.switched_off_by(
                postbell.current_tenant(), postbell.current_recipient(), if_forced.channel, kind.category, kind.key
            )
            order by num_nonnulls(off_channel, off_category, off_event), off_channel nulls first
        ))::jsonb
    from kind
    join decided as if_forced on if_forced.notification_id = 2 and if_forced.event = kind.key
    left join decided as given
        on given.notification_id = 1
        and given.event = kind.key
        and given.channel = if_forced.channel
    order by kind.category, kind.key, array_position(kind.channels, if_forced.channel);
end
$$;

comment on function postbell.preference_overview(timestamptz) is
    'Explains what would be decided about each event and channel for the person of this session, if the event were emitted now or at a time. The settings postbell.tenant and postbell.recipient name the person. A channel that the event does not use has the reason that would prevent its use, else not_usual. off_by lists the preferences that switch it off, broadest first.';
