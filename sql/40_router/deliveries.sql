create or replace function postbell_private.give_up(
    delivery_ids bigint[], reasons text[], states text[] default '{queued,waiting,sending}'
) returns void
-- Not in language sql, which is planned at each call before PostgreSQL 18.
language plpgsql
as $$
begin
    with failed as (
        update postbell.open_delivery as d set
            state = postbell_private.settled_state(d.sent_at, 'failed'),
            reason = left(given.reason, 1000)
        from unnest(give_up.delivery_ids, give_up.reasons) as given (id, reason)
        where d.id = given.id
          and d.state = any(give_up.states)
        returning d.id, d.state, d.reason
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select id, 'given_up', reason
        from failed
    )

    insert into postbell.dead_letter (delivery_id)
    select id
    from failed
    where state = 'failed'
    on conflict (delivery_id) do nothing;
end
$$;

comment on function postbell_private.give_up(bigint[], text[], text[]) is
    'Makes dead letters of deliveries that are in one of some states, each with its reason. A push that has reached a device of the person counts as sent.';


create or replace function postbell_private.job_priority(priority text, is_bulk boolean) returns integer
language sql immutable parallel safe
-- Batches of a large audience come after everybody's single events of any priority but low, unless they are critical.
return case priority when 'critical' then 80 when 'high' then 60 when 'normal' then 40 else 20 end
    - case when is_bulk and priority <> 'critical' then 30 else 0 end;

comment on function postbell_private.job_priority(text, boolean) is 'Returns the priority of a queue job; higher ones are processed first.';


create or replace function postbell_private.make_jobs(batch_ids bigint[], delay interval default '0') returns void
-- Not in language sql, which PostgreSQL plans anew at each call before version 18.
language plpgsql
as $$
begin
    insert into postbell_queue.pgqueuer (entrypoint, payload, priority, status, execute_after)
    select
        'deliver.' || channel, convert_to(id::text, 'UTF8'), postbell_private.job_priority(priority, is_bulk), 'queued', now() + delay
    from postbell.batch
    where id = any(batch_ids)
    order by id;

    -- Also for jobs with a delay: a queue that sleeps for longer has to learn when they are due.
    perform pg_notify(
        'postbell_queue_' || channel,
        json_build_object(
            'channel', 'postbell_queue_' || channel,
            'operation', 'insert',
            'sent_at', now(),
            'table', 'pgqueuer',
            'type', 'table_changed_event'
        )::text
    )
    from (
        select distinct channel
        from postbell.batch
        where id = any(batch_ids)
    ) as woken;
end
$$;

comment on function postbell_private.make_jobs(bigint[], interval) is
    'Inserts a queue job for each batch, and notifies the queues of their channels, with what pgqueuer expects to hear. Its own trigger, which would wake every queue, is disabled.';


create or replace function postbell_private.make_batches(delivery_ids bigint[], is_bulk boolean, delay interval, room jsonb default null)
returns bigint[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_queued bigint[];
    v_handed_over bigint[];
begin
    with numbered as (
        select
            d.id, d.tenant_id, d.channel, d.priority,
            (row_number() over (partition by d.tenant_id, d.channel, d.priority order by d.id) - 1)
                / channel.batch_size as number
        from unnest(delivery_ids) as wanted (id)
        join postbell.open_delivery as d on d.id = wanted.id
        join postbell.channel on channel.name = d.channel
    ),

    grouped as (
        select
            tenant_id, channel, priority, array_agg(id order by id) as delivery_ids,
            row_number() over (
                partition by channel order by postbell_private.job_priority(priority, is_bulk => false) desc, min(id)
            ) as place
        from numbered
        group by tenant_id, channel, priority, number
    ),

    batched as (
        insert into postbell.batch (tenant_id, channel, priority, is_bulk, delivery_ids, claims, claim_token, claimed_at)
        select
            tenant_id, channel, priority, make_batches.is_bulk, grouped.delivery_ids,
            taken.is_mine::integer,
            case when taken.is_mine then gen_random_uuid() end,
            case when taken.is_mine then clock_timestamp() end
        from grouped
        cross join lateral (
            select (place <= (room ->> channel)::integer) is true as is_mine
            offset 0
        ) as taken
        returning id, claims
    )

    select array_agg(id order by id) filter (where claims = 0), array_agg(id order by id) filter (where claims > 0)
    into v_queued, v_handed_over
    from batched;

    if v_queued is not null then
        perform postbell_private.make_jobs(v_queued, delay);
    end if;
    return v_handed_over;
end
$$;

comment on function postbell_private.make_batches(bigint[], boolean, interval, jsonb) is
    'Puts deliveries into batches of one tenant, channel and priority, each with one queue job. room is the number of batches per channel that the caller delivers itself, such as {"email": 2}: the most urgent get no job and are claimed. Their ids are returned.';


create or replace function postbell_private.enqueue(delivery_ids bigint[], is_bulk boolean, delay interval default '0') returns void
language plpgsql
as $$
declare
    v_fault record;
begin
    if coalesce(cardinality(enqueue.delivery_ids), 0) = 0 then
        return;
    end if;

    for v_fault in
        select enqueue.delivery_ids[place] as delivery_id, code, message
        from postbell_private.isolate(format('postbell_private.make_batches($1, %L, %L)', enqueue.is_bulk, enqueue.delay), enqueue.delivery_ids)
    loop
        perform postbell_private.give_up(array[v_fault.delivery_id], array[v_fault.code || ': ' || v_fault.message]);
    end loop;
end
$$;

comment on function postbell_private.enqueue(bigint[], boolean, interval) is
    'Queues deliveries in batches. A delivery whose content makes that fail becomes a dead letter.';


create or replace function postbell_private.make_deliveries(
    candidates postbell_private.candidate[], is_bulk boolean, room jsonb default null, contents json default null,
    out handed_over bigint[], out ages json
)
language plpgsql
-- Decisions and contents are large sets.
set enable_hashjoin = on
as $$
#variable_conflict use_column
declare
    -- More are queued, so that other processes deliver some of them.
    v_few constant integer := 10;
    v_is_gateway_present constant boolean := make_deliveries.contents is not null and postbell_private.is_gateway_present();
    v_queued bigint[];
    v_is_published boolean;
begin
    with content as materialized (
        select
            rendered.notification_id, rendered.channel, person.recipient_id, rendered.version,
            rendered.title, rendered.body, rendered.link, rendered.image, rendered.actions
        from json_to_recordset(contents) as rendered (
            notification_id bigint, channel text, recipient_ids text[], version text,
            title text, body text, link text, image text, actions jsonb
        )
        cross join lateral unnest(rendered.recipient_ids) as person (recipient_id)
    ),

    decided as materialized (
        select nextval('postbell.delivery_id_seq') as id, ordered.*
        from (
            select
                d.*,
                content.version, content.title, content.body, content.link, content.image, content.actions,
                case
                    when d.decision = 'later' then 'waiting'
                    when d.decision = 'no' then case d.reason when 'expired' then 'expired' else 'skipped' end
                    when content.title is null then 'queued'
                    when d.is_kept then 'delivered'
                    else 'sent'
                end as state,
                row_number() over (
                    partition by d.notification_id, d.recipient_id order by d.decision = 'no', d.channel
                ) as place
            from postbell_private.decide(candidates) as d
            left join content
                on content.notification_id = d.notification_id
                and content.recipient_id = d.recipient_id
                and content.channel = d.channel
            -- An inbox is ordered by delivery id, so events that were emitted earlier get lower ids.
            order by d.notification_id, d.recipient_id, place
        ) as ordered
    ),

    -- What is decided against has no row of its own, unless it is the first of the person.
    skipped as materialized (
        select notification_id, recipient_id, array_agg(format('%s:%s:%s', channel, rung, reason) order by place) as not_sent
        from decided
        where decision = 'no'
          and place > 1
        group by notification_id, recipient_id
    ),

    written as materialized (
        select *
        from decided
        where state in ('delivered', 'sent')
    ),

    made as (
        insert into postbell.delivery (
            id, notification_id, tenant_id, recipient_id, event, channel, priority,
            decision, rung, decision_reason, is_silent, state, due_at, created_at,
            attempts, provider, template_version, sent_at, delivered_at, not_sent, is_open
        )
        select
            d.id, d.notification_id, d.tenant_id, d.recipient_id, d.event, d.channel, d.priority,
            d.decision, d.rung, d.reason, d.is_silent, d.state, d.due_at, d.created_at,
            (sent.at is not null)::integer, sent.provider, case when sent.at is not null then d.version end,
            sent.at, case d.state when 'delivered' then sent.at end, skipped.not_sent,
            postbell_private.is_open(d.state)
        from decided as d
        left join skipped
            on d.place = 1 and skipped.notification_id = d.notification_id and skipped.recipient_id = d.recipient_id
        cross join lateral (
            select
                case when d.state in ('delivered', 'sent') then clock_timestamp() end as at,
                case d.state when 'delivered' then 'inbox' when 'sent' then 'stream' end as provider
            offset 0
        ) as sent
        where d.decision <> 'no' or d.place = 1
    ),

    kept as (
        insert into postbell.inbox_item (
            id, outbox_id, tenant_id, recipient_id, event, category, subject,
            title, body, link, image, actions, is_silent, created_at
        )
        select
            id, notification_id, tenant_id, recipient_id, event, category, subject,
            title, body, link, image, coalesce(actions, '[]'), is_silent, created_at
        from written
        where is_kept
    ),

    waiting as (
        insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
        select id, tenant_id, recipient_id, false, due_at
        from decided
        where state = 'waiting'
    ),

    messages as (
        select
            0 as place, tenant_id, 'added' as kind, null as recipient_id, null::json as frame,
            array_agg(recipient_id) as recipient_ids, array_agg(id) as item_ids
        from written
        where is_kept
          and not is_silent
          and v_is_gateway_present
        group by tenant_id

        union all
        select
            written.id, written.tenant_id, 'notification', written.recipient_id,
            postbell_private.stream_frame(
                written.id, item.id, written.event, written.category, written.subject,
                written.title, written.body, written.link, written.created_at
            ),
            null, null
        from written
        left join decided as item
            on item.notification_id = written.notification_id
            and item.recipient_id = written.recipient_id
            and item.is_kept
            and item.decision <> 'no'
        where not written.is_kept
    ),

    published as (
        insert into postbell_private.stream_event (tenant_id, kind, recipient_id, frame, recipient_ids, item_ids)
        select tenant_id, kind, recipient_id, frame, recipient_ids, item_ids
        from messages
        -- Pages show messages in the order of their events.
        order by place
        returning id
    )

    select
        array_agg(id order by id) filter (where state = 'queued'),
        exists (select from published),
        (
            select json_object_agg(channel, seconds)
            from (
                select channel, json_agg(extract(epoch from clock_timestamp() - created_at)) as seconds
                from written
                group by channel
            ) as of_channel
        )
    into v_queued, v_is_published, ages
    from decided;

    if v_is_published then
        perform postbell_private.notify_gateways();
    end if;
    if v_queued is not null then
        -- Not enqueue(): the caller isolates deliveries that fail.
        handed_over := postbell_private.make_batches(
            v_queued, is_bulk, interval '0',
            -- The caller would get all of a large payload, once for each delivery.
            case when cardinality(v_queued) <= v_few and not exists (
                select
                from postbell.open_delivery as d
                join postbell_private.notification as n on n.id = d.notification_id
                where d.id = any(v_queued)
                  and not postbell_private.is_small(n.payload)
            ) then room end
        );
    end if;
end
$$;

comment on function postbell_private.make_deliveries is
    'Decides about candidates and inserts their deliveries. Those that are due are written to inboxes and the stream, if contents has their text, and else queued. If one fails, all do. contents: [{"notification_id": 1, "channel": "in_app", "recipient_ids": ["u1"], "version": "…", "title": "…", "body": "…", "link": null, "image": null, "actions": []}]. Of a few queued deliveries, the caller may deliver some itself: for room and handed_over, the ids of their batches, see postbell_private.make_batches(). ages: by channel, the seconds since the event was emitted of each delivery that was written, {"in_app": [0.004]}.';


create or replace function postbell_private.reject(notification_id bigint, recipient_id text, code text, message text) returns void
language sql
as $$
    -- The detail is PostgreSQL's message. Only short columns are copied from the event that failed.
    insert into postbell.rejected_event (outbox_id, tenant_id, event, recipient, reason, detail, created_at)
    select
        n.id, n.tenant_id, n.event, coalesce(reject.recipient_id, n.recipient),
        'unreadable_event', left(reject.code || ': ' || reject.message, 1000), n.created_at
    from postbell_private.notification as n
    where n.id = reject.notification_id
    on conflict (outbox_id, recipient) do nothing
$$;

comment on function postbell_private.reject(bigint, text, text, text) is
    'Records that an accepted event could not be processed, for one person, or for the rest of its audience if recipient_id is null. The detail is the SQLSTATE and message.';


create or replace function postbell_private.deliver(
    candidates postbell_private.candidate[], is_bulk boolean, room jsonb default null, contents json default null,
    out handed_over bigint[], out ages json
)
language plpgsql
as $$
declare
    v_fault record;
begin
    -- Without a subtransaction. If it fails, the caller repeats it without contents.
    if deliver.contents is not null then
        select made.handed_over, made.ages
        into handed_over, ages
        from postbell_private.make_deliveries(deliver.candidates, deliver.is_bulk, deliver.room, deliver.contents) as made;
        return;
    end if;

    -- Called directly first, with a cached plan, because failures are rare.
    begin
        select made.handed_over
        into handed_over
        from postbell_private.make_deliveries(deliver.candidates, deliver.is_bulk, deliver.room) as made;
        return;
    exception
        when others then
            if not postbell_private.is_content_error(sqlstate) then
                raise;
            end if;
    end;

    for v_fault in
        select (deliver.candidates[place]).notification_id, (deliver.candidates[place]).recipient_id, code, message
        from postbell_private.isolate(format('postbell_private.make_deliveries($1, %L)', deliver.is_bulk), deliver.candidates)
    loop
        perform postbell_private.reject(v_fault.notification_id, v_fault.recipient_id, v_fault.code, v_fault.message);
    end loop;
end
$$;

comment on function postbell_private.deliver is
    'Decides about candidates, inserts their deliveries, and writes or queues those that are due. A candidate that fails is rejected alone; with contents, the whole call fails. For the arguments and the result see postbell_private.make_deliveries().';
