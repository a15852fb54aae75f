create or replace function postbell_private.small_audience() returns integer
language sql immutable parallel safe
-- A larger audience, or a longer list, is fanned out.
return 20;

comment on function postbell_private.small_audience() is 'Returns the size up to which an audience is decided about together with its event.';


create or replace function postbell_private.few_members(tenant_id text, recipient text, audience jsonb)
returns table (recipient_id text)
language sql stable
as $$
    select member.recipient_id
    from (
        select m.recipient_id, count(*) over () as size
        from postbell_private.members_of(
            few_members.tenant_id, few_members.recipient, few_members.audience, '', postbell_private.small_audience() + 1
        ) as m
    ) as member
    where member.size <= postbell_private.small_audience()
$$;

comment on function postbell_private.few_members(text, text, jsonb) is 'Returns the members of a small audience; none of a larger one.';


create or replace function postbell_private.step_after(
    step postbell_private.router_step, routed integer, most integer, last_xid xid8, last_id bigint
) returns postbell_private.router_step
language sql immutable
-- After a full chunk there may be more events in this window; otherwise the window is done.
return case
    when routed = most
        then row(
            (step).step + 1, (step).snapshot, (step).window_snapshot, last_xid, last_id,
            (step).system_identifier, (step).routed_at
        )::postbell_private.router_step
    else row(
        (step).step + 1, (step).window_snapshot, null, null, null,
        (step).system_identifier, (step).routed_at
    )::postbell_private.router_step
end;

comment on function postbell_private.step_after is
    'Returns the router''s step after a chunk of a window. routed is the number of its events, most the number that it could have had; last_xid and last_id name the last event.';


create or replace function postbell_private.people_to_render(candidates postbell_private.candidate[], with_outgoing boolean default false)
returns table (notification_id bigint, tenant_id text, event text, category text, subject text, people json)
language sql stable
as $$
    select
        person.notification_id,
        person.tenant_id,
        person.event,
        person.category,
        person.subject,
        json_agg(json_build_array(
            person.recipient_id, person.locale, person.time_zone, nullif(person.attributes, '{}'), wanted.channels, wanted.forced
        ))
    -- OFFSET 0: what a person switched on is a subquery, and channels_wanted() is not inlined with one in its arguments.
    from (select * from postbell_private.addressed(candidates) offset 0) as person
    cross join lateral (
        select array_agg(wish.channel) as channels, array_agg(wish.channel) filter (where wish.is_forced) as forced
        from postbell.channels_wanted(
            person.channels, person.tenant_channels, person.event_channels, person.all_forced, person.switched_on
        ) as wish
        where wish.channel = any(
            (select array_agg(name::text) from postbell.channel where with_outgoing or not is_outgoing)::text[]
        )
          and wish.channel = any(person.templates)
          and (wish.channel = any(person.disabled_channels)) is not true
        offset 0
    ) as wanted
    where wanted.channels is not null
      and not (
          person.is_actor or person.event_is_disabled or person.tenant_event_is_disabled or person.is_unknown or person.is_erased
      )
    group by person.notification_id, person.tenant_id, person.event, person.category, person.subject
$$;

comment on function postbell_private.people_to_render(postbell_private.candidate[], boolean) is
    'Returns, by event, the candidates who may get a message on a channel that the database itself delivers, or on any: an array of [recipient_id, locale, time_zone, attributes, channels, forced channels]. Preferences are not read: the decision comes later, and a message that it does not want is not written.';


create or replace function postbell_private.is_small(payload jsonb) returns boolean
language sql stable
-- Only a compressed value has to be read. The rest of a chunk must not wait for it, nor a process hold all of them.
return pg_column_size(payload) <= 16384
    and (pg_column_compression(payload) is null or octet_length(payload::text) <= 16384);

comment on function postbell_private.is_small(jsonb) is 'Whether a payload has at most 16 KiB. Larger ones are rendered a batch at a time.';


create or replace function postbell_private.read_chunk(
    most integer, after_step text default null, few integer default 0,
    out events integer, out step text, out next_step text, out messages json
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_hashjoin = on
as $$
#variable_conflict use_column
declare
    v_step postbell_private.router_step := coalesce(after_step::postbell_private.router_step, postbell_private.current_step());
    v_is_window_open boolean;
    v_last_xid xid8;
    v_last_id bigint;
    v_candidates postbell_private.candidate[];
    v_ids bigint[];
    v_payloads jsonb[];
begin
    events := 0;
    v_is_window_open := v_step.window_snapshot is not null;
    v_step.window_snapshot := coalesce(v_step.window_snapshot, pg_current_snapshot());
    if v_step.window_snapshot::text = v_step.snapshot::text then
        return;
    end if;

    with emitted as materialized (
        select *
        from postbell_private.committed_between(
            v_step.snapshot, v_step.window_snapshot,
            coalesce(v_step.position_xid, '0'), coalesce(v_step.position_id, 0), most
        )
    ),

    -- What is not valid is left out here, and rejected by the router.
    ready as materialized (
        select *
        from emitted
        where (deliver_at > postbell.clock()) is not true
          and postbell_private.is_small(payload) is not false
          and (jsonb_typeof(payload) = 'object') is not false
          and (jsonb_typeof(audience -> 'notify_actor') = 'boolean') is not false
          and (jsonb_typeof(audience -> 'recipients') = 'array') is not false
          and (jsonb_array_length(audience -> 'recipients') > postbell_private.small_audience()) is not true
    ),

    person as (
        select ready.id, recipient as recipient_id
        from ready
        where audience is null

        union all
        select ready.id, member.recipient_id
        from ready
        cross join lateral postbell_private.few_members(tenant_id, recipient, audience) as member
        where audience is not null
    )

    select
        (select count(*) from emitted),
        (select xid from emitted order by xid desc, id desc limit 1),
        (select id from emitted order by xid desc, id desc limit 1),
        (select array_agg(id) from ready),
        (select array_agg(coalesce(payload, '{}')) from ready),
        (
            select array_agg(row(
                ready.id, ready.tenant_id, ready.event, person.recipient_id, ready.actor,
                (ready.audience -> 'notify_actor')::boolean, ready.channels, ready.forced_channels, ready.priority,
                ready.subject, ready.deliver_at, ready.expires_at, ready.created_at
            )::postbell_private.candidate)
            from ready
            join person on person.id = ready.id
        )
    into events, v_last_xid, v_last_id, v_ids, v_payloads, v_candidates;

    if events = 0 and not v_is_window_open then
        return;
    end if;
    step := v_step::text;
    next_step := postbell_private.step_after(v_step, events, most, v_last_xid, v_last_id)::text;

    select json_agg(json_build_array(
        people.notification_id, people.event, people.category, people.tenant_id, people.subject, source.payload, people.people
    ))
    into messages
    from postbell_private.people_to_render(v_candidates, events <= few) as people
    join unnest(v_ids, v_payloads) as source (id, payload) on source.id = people.notification_id;
end
$$;

comment on function postbell_private.read_chunk(integer, text, integer) is
    'Reads what the next chunk of events needs to be rendered: the number of events, the step of the router from which they are routed (null if there is nothing to do) and the step after it, and the messages that the database itself delivers, or all if the events are few: an array of [id, event, category, tenant_id, subject, payload, people] with people as in postbell_private.people_to_render(). With after_step, a next_step, it reads the chunk that follows, before that step is taken. It only reads.';


create or replace function postbell_private.messages_of(candidates postbell_private.candidate[]) returns json
language sql stable
as $$
    select json_agg(json_build_array(
        n.id, n.event, people.category, n.tenant_id, n.subject, n.payload, people.people
    ))
    from postbell_private.people_to_render(candidates) as people
    join postbell_private.notification as n on n.id = people.notification_id
    where postbell_private.is_small(n.payload)
$$;

comment on function postbell_private.messages_of(postbell_private.candidate[]) is
    'Returns the messages to candidates of accepted events that the database itself delivers, as postbell_private.read_chunk() does.';


create or replace function postbell_private.read_due(most integer) returns json
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return postbell_private.messages_of(array(
        select postbell_private.candidate_of(n, member.recipient_id)
        from (
            select notification_id
            from postbell.scheduled_notification
            where due_at <= postbell.clock()
            order by due_at
            limit most
        ) as due
        join postbell_private.notification as n on n.id = due.notification_id
        cross join lateral postbell_private.few_members(n.tenant_id, n.recipient, n.audience) as member

        union
        select postbell_private.candidate_of(n, d.recipient_id)
        from (
            select delivery_id
            from postbell.waiting_delivery
            where due_at <= postbell.clock()
            order by due_at
            limit most
        ) as due
        join postbell.open_delivery as d on d.id = due.delivery_id
        join postbell.channel on channel.name = d.channel and not channel.is_outgoing
        join postbell_private.notification as n on n.id = d.notification_id
    ));
end
$$;

comment on function postbell_private.read_due(integer) is
    'Returns the messages of what is due, scheduled or waiting, to be rendered before postbell_private.release_due() releases it; see postbell_private.read_chunk().';


create or replace function postbell_private.read_fanout(
    most integer, after_notification bigint default null, after_recipient text default null,
    out notification_id bigint, out last_recipient text, out messages json
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_fanout postbell.fanout;
    v_notification postbell_private.notification;
    v_members text[];
begin
    if postbell_private.is_bulk_full() then
        return;
    end if;
    select f.* into v_fanout
    from postbell_private.fanouts_in_turn(
        (select tenant_id from postbell.fanout where fanout.notification_id = after_notification)
    ) as f
    limit 1;
    if not found or v_fanout.listed < v_fanout.list_length then
        return;
    end if;

    select * into strict v_notification
    from postbell_private.notification
    where id = v_fanout.notification_id;
    v_notification.audience := v_fanout.audience;
    v_members := array(
        select member.recipient_id
        from postbell_private.members_of(
            v_notification.tenant_id, v_notification.recipient, v_notification.audience,
            case when v_fanout.notification_id = after_notification then read_fanout.after_recipient else v_fanout.after_recipient end,
            most, v_notification.id
        ) as member
    );
    notification_id := v_notification.id;
    last_recipient := v_members[cardinality(v_members)];
    messages := postbell_private.messages_of(array(
        select postbell_private.candidate_of(v_notification, member)
        from unnest(v_members) as member
    ));
end
$$;

comment on function postbell_private.read_fanout(integer, bigint, text) is
    'Returns the messages to the next people of a large audience, to be rendered before postbell_private.fan_out() decides about them, see postbell_private.read_chunk(); with the audience''s event and the last of the people. After these two, it returns what comes next while they are decided about. Nothing if there is no audience, or no room in the queue.';
