create or replace view postbell.rejected_events
with (security_invoker = true) as
select
    outbox_id,
    tenant_id,
    event,
    recipient,
    reason,
    detail,
    created_at
from postbell.rejected_event;

comment on view postbell.rejected_events is 'Events that were rejected, as a whole or for one person of the audience, with the reason. postbell.error_codes has the remedy for each reason.';
comment on column postbell.rejected_events.outbox_id is 'The event. The transaction that emitted it was committed all the same.';
comment on column postbell.rejected_events.recipient is 'The recipient that the event named, or the person of its audience who could not be notified; null for a whole audience.';
comment on column postbell.rejected_events.reason is 'A name of postbell.error_codes, which has the remedy.';
comment on column postbell.rejected_events.detail is 'The details, such as the field of the payload.';
comment on column postbell.rejected_events.created_at is 'When the event was emitted.';


create or replace function postbell_private.rejected_since(since timestamptz)
returns table (reason text, rejected bigint, last_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select reason, count(*), max(rejected_at)
    from postbell.rejected_event
    where rejected_at > rejected_since.since
    group by reason
$$;

comment on function postbell_private.rejected_since(timestamptz) is 'Returns how many events were rejected since a time, by reason.';


create or replace function postbell_private.fingerprint_of(event postbell.outbox) returns bytea
language sql immutable
return sha256(convert_to(
    jsonb_build_array((event).event, (event).recipient, (event).audience, coalesce((event).payload, '{}'))::text, 'UTF8'
));

comment on function postbell_private.fingerprint_of(postbell.outbox) is 'Returns the SHA-256 hash of an event''s content and audience, by which idempotency keys are compared.';


create or replace function postbell_private.resolve_audience(
    notification_ids bigint[], room jsonb default null, contents json default null, out handed_over bigint[], out ages json
)
language plpgsql
as $$
#variable_conflict use_column
declare
    v_small constant integer := postbell_private.small_audience();
    v_candidates postbell_private.candidate[];
begin
    with accepted as materialized (
        select n as notification
        from unnest(notification_ids) as wanted (id)
        join postbell_private.notification as n on n.id = wanted.id
        cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as cancellation
        where not cancellation.is_cancelled
    ),

    scheduled as (
        insert into postbell.scheduled_notification (notification_id, tenant_id, priority, due_at)
        select (notification).id, (notification).tenant_id, (notification).priority, (notification).deliver_at
        from accepted
        where (notification).deliver_at > postbell.clock()
    ),

    due as (
        select notification
        from accepted
        where (notification).deliver_at > postbell.clock() is not true
    ),

    -- A long list is fanned out without being read here.
    addressed as materialized (
        select notification, (notification).recipient as recipient_id, 1 as audience_size
        from due
        where (notification).audience is null

        union all
        select notification, null, jsonb_array_length((notification).audience -> 'recipients')
        from due
        where jsonb_array_length((notification).audience -> 'recipients') > v_small

        union all
        select notification, member.recipient_id, count(*) over (partition by (notification).id)
        from due
        cross join lateral postbell_private.members_of(
            (notification).tenant_id, (notification).recipient, (notification).audience, '', v_small + 1
        ) as member
        where (notification).audience is not null
          and jsonb_array_length((notification).audience -> 'recipients') > v_small is not true
    ),

    large as (
        insert into postbell.fanout (notification_id, tenant_id, priority, list_length, audience)
        select distinct on ((notification).id)
            (notification).id, (notification).tenant_id, (notification).priority,
            coalesce(jsonb_array_length((notification).audience -> 'recipients'), 0), (notification).audience - 'recipients'
        from addressed
        where audience_size > v_small
        order by (notification).id
    )

    select array_agg(postbell_private.candidate_of(notification, recipient_id) order by (notification).id, recipient_id)
    into v_candidates
    from addressed
    where audience_size <= v_small;

    select delivered.handed_over, delivered.ages
    into handed_over, ages
    from postbell_private.deliver(v_candidates, false, resolve_audience.room, resolve_audience.contents) as delivered;
end
$$;

comment on function postbell_private.resolve_audience is
    'Resolves the audiences of accepted events. Small audiences are decided now, large ones are fanned out, and scheduled events wait until they are due. For the other arguments and the result see postbell_private.make_deliveries().';


create or replace function postbell_private.route_chunk(
    step postbell_private.router_step, most integer, room jsonb, contents json,
    out routed integer, out last_xid xid8, out last_id bigint, out handed_over bigint[], out ages json
)
language plpgsql
as $$
#variable_conflict use_column
declare
    v_accepted bigint[];
begin
    with validated as materialized (
        select
            emitted.*,
            fault.reason,
            fault.detail,
            case when emitted.idempotency_key is not null then postbell_private.fingerprint_of(emitted) end as fingerprint
        from postbell_private.committed_between(
            (step).snapshot, (step).window_snapshot,
            coalesce((step).position_xid, '0'), coalesce((step).position_id, 0), most
        ) as emitted
        left join lateral postbell_private.validate_event(
            tenant_id => emitted.tenant_id, event => emitted.event, recipient => emitted.recipient,
            payload => emitted.payload, audience => emitted.audience,
            channels => emitted.channels, forced_channels => emitted.forced_channels, priority => emitted.priority,
            subject => emitted.subject, actor => emitted.actor, idempotency_key => emitted.idempotency_key,
            deliver_at => emitted.deliver_at, expires_at => emitted.expires_at
        ) as fault on true
    ),

    -- The holder of the idempotency key is an earlier event, or the first valid one in this chunk. Rejected events hold none.
    keyed as materialized (
        select
            validated.*,
            coalesce(used.outbox_id, first_value(validated.id) over same_key) as holder_id,
            coalesce(used.fingerprint, first_value(validated.fingerprint) over same_key) as holder_fingerprint
        from validated
        left join postbell_private.idempotency_key as used
            on used.tenant_id = validated.tenant_id and used.key = validated.idempotency_key
        window same_key as (
            partition by validated.tenant_id, validated.idempotency_key, validated.reason is null
            order by validated.xid, validated.id
        )
    ),

    sorted as materialized (
        select
            keyed.*,
            case
                when reason is not null then 'rejected'
                when idempotency_key is null or holder_id = id then 'accepted'
                when holder_fingerprint = fingerprint then 'duplicate'
                else 'rejected'
            end as outcome
        from keyed
    ),

    accepted as (
        insert into postbell_private.notification (
            id, xid, tenant_id, event, recipient, audience, actor, subject, payload,
            channels, forced_channels, priority, deliver_at, expires_at, created_at
        )
        select
            sorted.id, sorted.xid, sorted.tenant_id, sorted.event, nullif(sorted.recipient, ''), sorted.audience, sorted.actor,
            sorted.subject, coalesce(sorted.payload, '{}'), sorted.channels, sorted.forced_channels,
            coalesce(sorted.priority, kind.priority), sorted.deliver_at,
            -- The years of Python's clock are 1 to 9999.
            case when sorted.expires_at < '9999-12-31Z' then greatest(sorted.expires_at, '0001-01-02Z') end,
            sorted.created_at
        from sorted
        join postbell.event_type as kind on kind.key = sorted.event
        where outcome = 'accepted'
    ),

    used as (
        insert into postbell_private.idempotency_key (tenant_id, key, fingerprint, outbox_id)
        select tenant_id, idempotency_key, fingerprint, id
        from sorted
        where outcome = 'accepted'
          and idempotency_key is not null
    ),

    repeated as (
        insert into postbell_private.duplicate_event (outbox_id, first_outbox_id, created_at)
        select id, holder_id, created_at
        from sorted
        where outcome = 'duplicate'
    ),

    rejected as (
        insert into postbell.rejected_event (outbox_id, tenant_id, event, recipient, reason, detail, source, created_at)
        select
            id, left(tenant_id, 255), left(event, 255),
            -- Nothing is kept of an erased person.
            case when reason is distinct from 'recipient_erased' then left(recipient, 255) end,
            coalesce(reason, 'key_reused'),
            coalesce(detail, 'the key ' || idempotency_key || ' was used by event ' || holder_id || ' for something else'),
            case
                when reason is distinct from 'recipient_erased'
                    then to_jsonb(sorted) - '{slot,xid,reason,detail,fingerprint,holder_id,holder_fingerprint,outcome}'::text[]
            end,
            created_at
        from sorted
        where outcome = 'rejected'
    )

    select
        count(*),
        (array_agg(xid order by xid desc, id desc))[1],
        (array_agg(id order by xid desc, id desc))[1],
        array_agg(id) filter (where outcome = 'accepted')
    into routed, last_xid, last_id, v_accepted
    from sorted;

    if v_accepted is not null then
        select resolved.handed_over, resolved.ages
        into handed_over, ages
        from postbell_private.resolve_audience(v_accepted, room, contents) as resolved;
    end if;
end
$$;

comment on function postbell_private.route_chunk is
    'Routes one chunk of the window: valid events are accepted and their audiences resolved, invalid ones are rejected with a reason, and duplicates are recorded. For room, contents, handed_over and ages see postbell_private.make_deliveries().';


create or replace function postbell_private.reject_next(
    step postbell_private.router_step, code text, message text,
    out routed integer, out last_xid xid8, out last_id bigint, out handed_over bigint[], out ages json
)
language plpgsql
as $$
#variable_conflict use_column
begin
    -- The detail is PostgreSQL's message. Only short columns are copied from the event that failed.
    insert into postbell.rejected_event (outbox_id, tenant_id, event, recipient, reason, detail, created_at)
    select
        emitted.id, left(emitted.tenant_id, 255), left(emitted.event, 255), left(emitted.recipient, 255),
        'unreadable_event', left(code || ': ' || message, 1000), emitted.created_at
    from postbell_private.committed_between(
        (step).snapshot, (step).window_snapshot, coalesce((step).position_xid, '0'), coalesce((step).position_id, 0), 1
    ) as emitted;

    select 1, emitted.xid, emitted.id
    into strict routed, last_xid, last_id
    from postbell_private.committed_between(
        (step).snapshot, (step).window_snapshot, coalesce((step).position_xid, '0'), coalesce((step).position_id, 0), 1
    ) as emitted;
end
$$;

comment on function postbell_private.reject_next is 'Rejects the next event, which could not be routed, with its SQLSTATE, so that the events after it can be.';


create or replace function postbell_private.route(
    most integer default 500, room jsonb default null, read_step text default null, contents json default null,
    out routed integer, out claimed json, out ages json
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_step postbell_private.router_step;
    v_read constant postbell_private.router_step := read_step::postbell_private.router_step;
    v_is_window_open boolean;
    v_chunk record;
    v_most integer := most;
    v_contents json;
begin
    perform postbell_private.require_leaves();
    v_step := postbell_private.current_step();
    v_is_window_open := v_step.window_snapshot is not null;
    if v_read.step = v_step.step then
        -- The window that was read: later events have no text yet.
        v_step.window_snapshot := v_read.window_snapshot;
        v_contents := contents;
    elsif not v_is_window_open then
        v_step.window_snapshot := pg_current_snapshot();
    end if;
    routed := 0;
    -- No transaction began or ended since the last step.
    if v_step.window_snapshot::text = v_step.snapshot::text then
        return;
    end if;

    if v_contents is not null then
        -- Without a subtransaction for each chunk. If it fails, the caller repeats it without contents.
        v_chunk := postbell_private.route_chunk(v_step, v_most, room, v_contents);
    end if;
    while v_chunk is null loop
        begin
            v_chunk := postbell_private.route_chunk(v_step, v_most, room, null);
        exception
            when others then
                -- The event is not at fault: the transaction is aborted, and the router retries.
                if not postbell_private.is_content_error(sqlstate) then
                    raise;
                end if;
                if v_most = 1 then
                    v_chunk := postbell_private.reject_next(v_step, sqlstate, sqlerrm);
                end if;
                -- Halve the chunk until the faulty event is found; the events before it are routed.
                v_most := greatest(v_most / 2, 1);
        end;
    end loop;

    if v_chunk.routed = 0 and not v_is_window_open then
        return;
    end if;

    insert into postbell_private.router_step (step, snapshot, window_snapshot, position_xid, position_id, system_identifier)
    select taken.step, taken.snapshot, taken.window_snapshot, taken.position_xid, taken.position_id, taken.system_identifier
    from postbell_private.step_after(v_step, v_chunk.routed, v_most, v_chunk.last_xid, v_chunk.last_id) as taken
    on conflict (step) do nothing;
    if not found then
        perform postbell.raise_error('router_overtaken', 'step ' || v_step.step + 1 || ' is taken');
    end if;

    -- At least 1, because events may have committed since the window was opened. The caller calls again until it gets 0.
    routed := greatest(v_chunk.routed, 1);
    ages := v_chunk.ages;
    if v_chunk.handed_over is not null then
        select json_agg(json_build_object('batch_id', b.id, 'channel', b.channel, 'deliveries', carried.deliveries) order by b.id)
        into claimed
        from postbell.batch as b
        cross join lateral (
            select json_agg(d) as deliveries
            from postbell_private.claimed_deliveries(b, '{}', with_identities => true) as d
        ) as carried
        where b.id = any(v_chunk.handed_over)
          -- Of a person who has just been deleted there is nothing to send. The sweep settles such a batch.
          and carried.deliveries is not null;
    end if;
end
$$;

comment on function postbell_private.route is
    'Routes the next events of the outbox, in commit order, and writes or queues their deliveries. routed is how many were routed, at least 1 unless there are no more; 0 if there are none. read_step and contents come from postbell_private.read_chunk() and the rendering of its messages; contents of another step are not used. With contents, the whole call fails where an event or a text is at fault, and is to be repeated without. If there are few deliveries to queue, the caller delivers as many of their batches of each channel itself as room says, such as {"email": 2}. claimed has them: [{"batch_id": 1, "channel": "email", "deliveries": […]}] with deliveries as postbell_private.claim_batch() returns them. These have no queue job; the caller shows by postbell_private.keep_claims() that it is at work. For contents and ages see postbell_private.make_deliveries().';


create or replace function postbell_private.list_members(fanout postbell.fanout) returns boolean
language plpgsql
as $$
declare
    -- Reading this many takes about as long as deciding about a chunk, so other audiences do not wait longer.
    v_most constant integer := 10000;
    v_listed constant integer := least((fanout).listed + v_most, (fanout).list_length);
begin
    if (fanout).listed < (fanout).list_length then
        insert into postbell_private.fanout_member (notification_id, tenant_id, recipient_id)
        select n.id, n.tenant_id, entry #>> '{}'
        from postbell_private.notification as n
        cross join lateral jsonb_path_query(
            n.audience, 'lax $.recipients[$first to $last]',
            jsonb_build_object('first', (fanout).listed, 'last', v_listed - 1)
        ) as entry
        where n.id = (fanout).notification_id
        on conflict do nothing;

        update postbell.fanout as f set
            listed = v_listed
        where f.notification_id = (list_members.fanout).notification_id;
    end if;
    return v_listed = (fanout).list_length;
end
$$;

comment on function postbell_private.list_members(postbell.fanout) is
    'Copies the next entries of an event''s explicit list into postbell_private.fanout_member. Returns whether all are copied.';


create or replace function postbell_private.is_bulk_full() returns boolean
language sql stable
-- More batches of large audiences in the queue would delay other events.
return (select count(*) >= 20 from postbell.batch where is_bulk);

comment on function postbell_private.is_bulk_full() is 'Whether so many batches of large audiences are queued that no more are made.';


create or replace function postbell_private.fanouts_in_turn(served_now text default null) returns setof postbell.fanout
language sql stable
as $$
    -- Critical events first, then the tenant that was served least recently, then the oldest event.
    select f.*
    from postbell.fanout as f
    left join postbell_private.fanout_turn as turn on turn.tenant_id = f.tenant_id
    order by f.priority = 'critical' desc, (f.tenant_id = served_now) is true, turn.served_at nulls first, f.notification_id
$$;

comment on function postbell_private.fanouts_in_turn(text) is 'Returns the large audiences in the order in which the next one is served, once a tenant that is being served now has been.';


create or replace function postbell_private.fan_out(
    most integer default 1000, contents json default null, out reached integer, out ages json
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_next bigint;
    v_fanout postbell.fanout;
    v_notification postbell_private.notification;
    v_is_listed boolean;
    v_members text[];
    v_candidates postbell_private.candidate[];
begin
    if not exists (select from postbell.fanout) then
        reached := 0;
        return;
    end if;
    if postbell_private.is_bulk_full() then
        return;
    end if;
    perform postbell_private.require_leaves();

    for v_next in select notification_id from postbell_private.fanouts_in_turn() loop
        select * into v_fanout
        from postbell.fanout
        where notification_id = v_next
        for update skip locked;
        exit when found;
    end loop;
    if v_fanout.notification_id is null then
        return;
    end if;

    select * into v_notification
    from postbell_private.notification
    where id = v_fanout.notification_id;

    if not found or (select is_cancelled from postbell_private.is_cancelled(
        v_notification.id, v_notification.tenant_id, v_notification.subject, v_notification.xid, v_notification.created_at
    )) then
        delete from postbell.fanout where notification_id = v_fanout.notification_id;
        reached := 1;
        return;
    end if;

    begin
        v_is_listed := postbell_private.list_members(v_fanout);
        if v_is_listed then
            -- Without the list, which may be long and would be copied for every person below.
            v_notification.audience := v_fanout.audience;
            v_members := array(
                select recipient_id
                from postbell_private.members_of(
                    v_notification.tenant_id, v_notification.recipient, v_notification.audience,
                    v_fanout.after_recipient, most, v_notification.id
                )
            );
            v_candidates := array(
                select postbell_private.candidate_of(v_notification, member)
                from unnest(v_members) as member
            );
        end if;
    exception
        when others then
            if not postbell_private.is_content_error(sqlstate) then
                raise;
            end if;
            perform postbell_private.reject(v_notification.id, null, sqlstate, sqlerrm);
            v_is_listed := true;
            v_members := '{}';
            v_candidates := '{}';
    end;
    select delivered.ages
    into ages
    from postbell_private.deliver(v_candidates, is_bulk => true, contents => fan_out.contents) as delivered;

    if v_is_listed and cardinality(v_members) < most then
        delete from postbell.fanout where notification_id = v_fanout.notification_id;
    elsif v_is_listed then
        update postbell.fanout set
            after_recipient = v_members[most],
            reached = reached + most
        where notification_id = v_fanout.notification_id;
        delete from postbell_private.fanout_member
        where notification_id = v_fanout.notification_id
          and recipient_id <= v_members[most];
    end if;

    insert into postbell_private.fanout_turn (tenant_id, served_at)
    values (v_fanout.tenant_id, clock_timestamp())
    on conflict (tenant_id) do update set served_at = excluded.served_at;

    reached := greatest(cardinality(v_members), 1);
end
$$;

comment on function postbell_private.fan_out(integer, json) is
    'Processes the next chunk of one large audience: copies entries of an explicit list, or decides about the next people. reached is how many people were decided about, at least 1; 0 if there is no audience left, and null if the queue is full for now. contents come from the rendering of postbell_private.read_fanout(); for these and ages see postbell_private.make_deliveries().';
