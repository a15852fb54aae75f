create or replace function postbell_private.write_released(delivery_ids bigint[], contents json) returns bigint[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_own record;
    v_batch postbell.batch;
    v_written bigint[] := '{}';
begin
    for v_own in
        select
            d.tenant_id, d.channel, d.priority, channel.is_kept,
            array_agg(d.id order by d.id) as ids,
            json_agg(json_build_object(
                'delivery_id', d.id, 'title', text.title, 'body', text.body, 'link', text.link, 'image', text.image,
                'actions', text.actions
            ) order by d.id) as items,
            jsonb_object_agg(d.id, text.version) as versions
        from json_to_recordset(contents) as text (
            notification_id bigint, channel text, recipient_ids text[], version text,
            title text, body text, link text, image text, actions jsonb
        )
        join postbell.open_delivery as d
            on d.notification_id = text.notification_id
            and d.channel = text.channel
            and d.recipient_id = any(text.recipient_ids)
        join postbell.channel on channel.name = d.channel
        where d.id in (select unnest(delivery_ids))
        group by d.tenant_id, d.channel, d.priority, channel.is_kept
        order by d.tenant_id, d.channel, d.priority
    loop
        insert into postbell.batch (tenant_id, channel, priority, is_bulk, delivery_ids, claims, claim_token, claimed_at)
        values (v_own.tenant_id, v_own.channel, v_own.priority, false, v_own.ids, 1, gen_random_uuid(), clock_timestamp())
        returning * into v_batch;
        if v_own.is_kept then
            perform postbell_private.record_inbox(v_batch.id, v_batch.claim_token, v_own.items, v_own.versions);
        else
            perform postbell_private.record_stream(v_batch.id, v_batch.claim_token, v_own.items, v_own.versions);
        end if;
        v_written := v_written || v_own.ids;
    end loop;
    return v_written;
end
$$;

comment on function postbell_private.write_released(bigint[], json) is
    'Writes queued deliveries whose text is in contents to inboxes and the stream, and returns them. For contents see postbell_private.make_deliveries().';


create or replace function postbell_private.decide_again(delivery_ids bigint[], contents json default null) returns bigint[]
language plpgsql
set enable_hashjoin = on
as $$
#variable_conflict use_column
declare
    v_candidates postbell_private.candidate[];
    v_queued bigint[];
    v_written bigint[];
begin
    select array_agg(distinct postbell_private.candidate_of(n, d.recipient_id))
    into v_candidates
    from unnest(delivery_ids) as due (id)
    join postbell.open_delivery as d on d.id = due.id
    join postbell_private.notification as n on n.id = d.notification_id
    where d.state = 'waiting';

    with decided as materialized (
        select *
        from postbell_private.decide(v_candidates)
    ),

    settled as (
        update postbell.open_delivery as d set
            state = case
                when stop.reason is not null then postbell_private.settled_state(d.sent_at, 'cancelled')
                when again.decision = 'now' then 'queued'
                when again.decision = 'later' then 'waiting'
                when again.reason = 'expired' then 'expired'
                else 'skipped'
            end,
            reason = stop.reason,
            decision = case
                when stop.reason is not null then d.decision
                -- The decision stays "later" for a delivery that had to wait.
                when d.decision = 'later' and again.decision = 'now' then d.decision
                else coalesce(again.decision, 'no')
            end,
            rung = case when stop.reason is null then coalesce(again.rung, 0) else d.rung end,
            decision_reason = case when stop.reason is null then answer.reason else d.decision_reason end,
            is_silent = coalesce(again.is_silent, d.is_silent),
            due_at = coalesce(again.due_at, d.due_at)
        from postbell.open_delivery as former
        -- Left joins: rows may have been deleted. A delivery without a result would stay without a batch or a due time.
        left join postbell_private.notification as n on n.id = former.notification_id
        left join postbell.event_type as kind on kind.key = former.event
        cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as cancellation
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
        -- Reasons to stop a delivery that leave its decision as it is.
        cross join lateral (
            select case
                when cancellation.is_cancelled then 'cancelled'
                when former.sent_at is not null and coalesce(again.decision, 'no') = 'no' then answer.reason
            end as reason
        ) as stop
        where former.id = any(delivery_ids)
          and d.id = former.id
          and d.state = 'waiting'
        returning
            d.id, d.tenant_id, d.recipient_id, d.state, d.due_at,
            coalesce(d.reason, d.decision_reason) as reason,
            -- A delivery without a reason of its own waited because of its decision.
            case when former.reason is null then former.decision_reason end as waited_for
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

    if contents is not null and v_queued is not null then
        v_written := postbell_private.write_released(v_queued, contents);
        v_queued := array(select id from unnest(v_queued) as id where id <> all (v_written));
    end if;
    perform postbell_private.enqueue(v_queued, is_bulk => false);
    return v_written;
end
$$;

comment on function postbell_private.decide_again(bigint[], json) is
    'Decides again about waiting deliveries, since time zone, quiet hours or preferences may have changed. Those that are due are written if contents has their text, and returned; the others are queued. For contents see postbell_private.make_deliveries().';


create or replace function postbell_private.release_due(
    most integer default 500, contents json default null, out released integer, out ages json
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_scheduled bigint[];
    v_waiting bigint[];
    v_written bigint[];
    v_fault record;
begin
    with due as (
        delete from postbell.scheduled_notification
        where notification_id in (
            select notification_id
            from postbell.scheduled_notification
            where due_at <= postbell.clock()
            order by due_at
            limit most
            for update skip locked
        )
        returning notification_id
    )
    select array_agg(notification_id order by notification_id) into v_scheduled from due;

    -- Those of deliveries that somebody deleted would be due for ever.
    delete from postbell.waiting_delivery as w
    where delivery_id in (
        select delivery_id
        from postbell.waiting_delivery
        where due_at <= postbell.clock()
        order by due_at
        limit most
    )
      and not exists (select from postbell.open_delivery as d where d.id = w.delivery_id);

    with due as (
        delete from postbell.waiting_delivery
        where delivery_id in (
            select w.delivery_id
            from postbell.waiting_delivery as w
            join postbell.open_delivery as d on d.id = w.delivery_id
            where w.due_at <= postbell.clock()
            order by w.due_at
            limit most
            -- Locks both rows. A receipt locks the delivery first and then the waiting row; waiting here could deadlock.
            for update skip locked
        )
        returning delivery_id
    )
    select array_agg(delivery_id order by delivery_id) into v_waiting from due;

    if v_scheduled is not null then
        perform postbell_private.require_leaves();
    end if;
    if release_due.contents is not null then
        -- Without subtransactions. If it fails, the caller repeats it without contents.
        select resolved.ages
        into ages
        from postbell_private.resolve_audience(v_scheduled, contents => release_due.contents) as resolved;

        v_written := postbell_private.decide_again(v_waiting, release_due.contents);
        select json_object_agg(channel, seconds)
        into ages
        from (
            select channel, json_agg(age) as seconds
            from (
                select of_channel.key as channel, age::text::float8 as age
                from json_each(release_due.ages) as of_channel
                cross join lateral json_array_elements(of_channel.value) as age

                union all
                select channel, extract(epoch from clock_timestamp() - created_at)
                from postbell.delivery
                where id = any(v_written)
                  and state in ('delivered', 'sent')
            ) as written
            group by channel
        ) as of_channel;
    else
        for v_fault in
            select v_scheduled[place] as id, code, message
            from postbell_private.isolate('postbell_private.resolve_audience($1)', v_scheduled)
        loop
            perform postbell_private.reject(v_fault.id, null, v_fault.code, v_fault.message);
        end loop;

        for v_fault in
            select v_waiting[place] as id, code, message
            from postbell_private.isolate('postbell_private.decide_again($1)', v_waiting)
        loop
            perform postbell_private.give_up(array[v_fault.id], array[v_fault.code || ': ' || v_fault.message]);
        end loop;
    end if;
    released := coalesce(cardinality(v_scheduled), 0) + coalesce(cardinality(v_waiting), 0);
end
$$;

comment on function postbell_private.release_due(integer, json) is
    'Processes what is due: scheduled events, deliveries that waited for quiet hours, and retries. An event whose content makes that fail is rejected; such a delivery becomes a dead letter. released is how many were due. contents come from the rendering of postbell_private.read_due(); for these and ages see postbell_private.make_deliveries().';


create or replace function postbell_private.recheck_waiting() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed record;
begin
    if tg_op = 'DELETE' then
        v_changed := old;
    else
        v_changed := new;
    end if;

    if tg_table_name = 'recipient' then
        update postbell.waiting_delivery set due_at = postbell.clock()
        where tenant_id = v_changed.tenant_id
          and recipient_id = v_changed.id
          and not is_retry;
    else
        update postbell.waiting_delivery set due_at = postbell.clock()
        where tenant_id = v_changed.tenant_id
          and recipient_id = v_changed.recipient_id
          and not is_retry;
    end if;
    if found then
        perform pg_notify('postbell_wake', '');
    end if;
    return null;
end
$$;

comment on function postbell_private.recheck_waiting() is
    'Decides again about a person''s waiting deliveries when their time zone, quiet hours, preferences or mutes change.';


create or replace trigger recheck_waiting_after_preference
after insert or update or delete on postbell.preference
for each row
execute function postbell_private.recheck_waiting();

comment on trigger recheck_waiting_after_preference on postbell.preference is 'A new choice counts for what waits, too.';


create or replace trigger recheck_waiting_after_mute
after insert or update or delete on postbell.mute
for each row
execute function postbell_private.recheck_waiting();

comment on trigger recheck_waiting_after_mute on postbell.mute is 'A new mute counts for what waits, too.';


create or replace trigger recheck_waiting_after_quiet_hours
after insert or update or delete on postbell.quiet_hours
for each row
execute function postbell_private.recheck_waiting();

comment on trigger recheck_waiting_after_quiet_hours on postbell.quiet_hours is 'New quiet hours count for what waits, too.';


create or replace trigger recheck_waiting_after_move
after update of time_zone, erased_at on postbell.recipient
for each row
when ((old.time_zone, old.erased_at) is distinct from (new.time_zone, new.erased_at))
execute function postbell_private.recheck_waiting();

comment on trigger recheck_waiting_after_move on postbell.recipient is 'Quiet hours end by the clock of the zone in which the person now is.';
