create or replace function postbell_private.record_marks() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- Beyond this number the ids are left out, and clients load the inbox again.
    v_most constant integer := 100;
begin
    if not postbell_private.is_gateway_present() then
        return null;
    end if;

    insert into postbell_private.stream_event (tenant_id, kind, recipient_ids, item_ids)
    select
        change.tenant_id, change.kind, array[change.recipient_id],
        case when count(*) <= v_most then array_agg(change.id order by change.id) end
    from (
        select
            item.tenant_id,
            item.recipient_id,
            item.id,
            case
                when item.archived_at is null and former.archived_at is not null then 'unarchived'
                when item.archived_at is distinct from former.archived_at then 'archived'
                when item.read_at is null and former.read_at is not null then 'unread'
                when item.read_at is distinct from former.read_at then 'read'
                else 'seen'
            end as kind
        from marked as item
        join unmarked as former using (recipient_id, tenant_id, id)
    ) as change
    group by change.tenant_id, change.recipient_id, change.kind;
    if found then
        perform postbell_private.notify_gateways();
    end if;
    return null;
end
$$;

comment on function postbell_private.record_marks() is 'Writes changes of inbox items to the stream: seen, read, unread, archived or unarchived.';


-- A trigger, so that readers, who may mark items, cannot write to the stream themselves.
create or replace trigger record_marks
after update on postbell.inbox_item
referencing old table as unmarked new table as marked
for each statement
execute function postbell_private.record_marks();

comment on trigger record_marks on postbell.inbox_item is 'One row of the stream log for each person and statement.';


create or replace function postbell_private.record_pins() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not postbell_private.is_gateway_present() then
        return null;
    end if;

    insert into postbell_private.stream_event (tenant_id, kind, recipient_ids, item_ids)
    select new.tenant_id, change.kind, array[new.id], change.item_ids
    from (
        values
        ('pinned', array(select unnest(new.pinned_items) except select unnest(old.pinned_items))),
        ('unpinned', array(select unnest(old.pinned_items) except select unnest(new.pinned_items)))
    ) as change (kind, item_ids)
    where cardinality(change.item_ids) > 0;
    if found then
        perform postbell_private.notify_gateways();
    end if;
    return null;
end
$$;

comment on function postbell_private.record_pins() is 'Writes to the stream which inbox items a person has pinned or unpinned.';


create or replace trigger record_pins
after update of pinned_items on postbell.recipient
for each row
execute function postbell_private.record_pins();

comment on trigger record_pins on postbell.recipient is 'At most two rows of the stream log for each change.';


create or replace function postbell_private.stream_frame(
    delivery_id bigint, item_id bigint, event text, category text, subject text, title text, body text, link text,
    created_at timestamptz
) returns json
language sql stable
return json_build_object(
    'id', delivery_id,
    'item_id', item_id,
    'event', event,
    'category', category,
    'subject', subject,
    'title', title,
    'body', body,
    'link', link,
    'created_at', created_at
);

comment on function postbell_private.stream_frame is 'Returns a notification as clients of the stream get it. item_id is its item in the inbox, or null.';


create or replace function postbell_private.record_stream(batch_id bigint, claim_token uuid, items json, versions jsonb default '{}') returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_carried bigint[];
    v_written integer;
begin
    -- Nothing is written without a valid claim: after a crash other deliveries may have these ids.
    delete from postbell.batch
    where id = record_stream.batch_id
      and claim_token = record_stream.claim_token
    returning delivery_ids into v_carried;
    if not found then
        return null;
    end if;

    with free as (
        select d.id, n.subject, kind.category, item.title, item.body, item.link
        from json_to_recordset(items) as item (delivery_id bigint, title text, body text, link text)
        join postbell.open_delivery as d on d.id = item.delivery_id
        join postbell_private.notification as n on n.id = d.notification_id
        join postbell.event_type as kind on kind.key = d.event
        -- Not a join: the dispatcher's sessions disable hash joins, and a nested loop would compare every pair.
        where (item.delivery_id in (select unnest(v_carried))) is true
          and d.state = 'queued'
        -- Deliveries that are being cancelled are skipped.
        for update of d skip locked
    ),

    -- The frame is inserted in the transaction that settles the delivery, so exactly once.
    settled as (
        update postbell.open_delivery as d set
            state = 'sent',
            reason = null,
            attempts = attempts + 1,
            provider = 'stream',
            sent_at = clock_timestamp(),
            template_version = coalesce(versions ->> d.id::text, versions ->> d.event)
        from free
        where d.id = free.id
        returning
            d.id, d.notification_id, d.tenant_id, d.recipient_id, d.event, d.created_at,
            free.subject, free.category, free.title, free.body, free.link
    ),

    published as (
        insert into postbell_private.stream_event (tenant_id, kind, recipient_id, frame)
        select
            settled.tenant_id, 'notification', settled.recipient_id,
            postbell_private.stream_frame(
                settled.id, kept.id, settled.event, settled.category, settled.subject,
                settled.title, settled.body, settled.link, settled.created_at
            )
        from settled
        left join postbell.delivery as kept
            on kept.notification_id = settled.notification_id
            and kept.recipient_id = settled.recipient_id
            and kept.channel = (select name from postbell.channel where is_kept order by position limit 1)
            and kept.decision <> 'no'
        order by settled.id
        returning id
    )

    select count(*) into v_written from published;
    if v_written > 0 then
        perform postbell_private.notify_gateways();
    end if;

    perform postbell_private.requeue(v_carried);
    return v_written;
end
$$;

comment on function postbell_private.record_stream is 'Writes notifications to the stream, settles their deliveries and finishes the batch, in one transaction. items: [{"delivery_id": 1, "title": "…", "body": "…", "link": null}]. versions: the template versions, by event, and by delivery id where one differs, {"order.paid": "…"}. Returns how many were written; null if the claim does not hold, and then nothing is written.';


create or replace function postbell_private.stream_position(out epoch bigint, out snapshot pg_snapshot)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_epoch bigint;
begin
    select e.epoch into v_epoch
    from postbell_private.stream_epoch as e
    join pg_control_system() as c on c.system_identifier = e.system_identifier;

    if not found then
        -- The first call after a crash, a failover or a restore starts a new epoch, because transaction ids may recur.
        insert into postbell_private.stream_epoch as e (epoch, system_identifier)
        select hashtextextended(gen_random_uuid()::text, 0), c.system_identifier
        from pg_control_system() as c
        on conflict (is_the_only_one) do update set
            epoch = excluded.epoch,
            system_identifier = excluded.system_identifier
        where e.system_identifier <> excluded.system_identifier;

        select e.epoch into strict v_epoch
        from postbell_private.stream_epoch as e;
    end if;

    epoch := v_epoch;
    snapshot := pg_current_snapshot();
end
$$;

comment on function postbell_private.stream_position() is
    'Returns the current position of the stream: the current snapshot, and the epoch to which its transaction ids belong. See postbell_private.stream_epoch.';


create or replace function postbell_private.is_stream_kept(since pg_snapshot) returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select not exists (
        select
        from postbell_private.stream_truncation
        where last_xid >= pg_snapshot_xmin(is_stream_kept.since)
    )
$$;

comment on function postbell_private.is_stream_kept(pg_snapshot) is
    'Whether the stream still has everything since a snapshot. After a very long transaction it may return false needlessly.';


create or replace function postbell_private.stream_between(
    since pg_snapshot, until pg_snapshot, after_xid xid8 default '0', after_id bigint default 0, most integer default 1000
) returns setof postbell_private.stream_event
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select e.*
    from (
        -- Transactions that were in progress at the former snapshot.
        (
            select written.*
            from pg_snapshot_xip(stream_between.since) as was_open (xid)
            cross join lateral (
                select *
                from postbell_private.stream_event
                where xid = was_open.xid
                  and id > case when was_open.xid = stream_between.after_xid then stream_between.after_id else 0 end
                order by id
                limit stream_between.most
            ) as written
            where was_open.xid >= stream_between.after_xid
              and pg_visible_in_snapshot(was_open.xid, stream_between.until)
            order by written.xid, written.id
            limit stream_between.most
        )
        union all
        -- Transactions that began since.
        (
            select *
            from postbell_private.stream_event
            where (xid, id) > (
                    greatest(pg_snapshot_xmax(stream_between.since), stream_between.after_xid),
                    case
                        when stream_between.after_xid >= pg_snapshot_xmax(stream_between.since)
                            then stream_between.after_id
                        else 0
                    end
                )
              and xid < pg_snapshot_xmax(stream_between.until)
              and pg_visible_in_snapshot(xid, stream_between.until)
            order by xid, id
            limit stream_between.most
        )
    ) as e
    order by e.xid, e.id
    limit stream_between.most
$$;

comment on function postbell_private.stream_between is
    'Returns the stream events of everybody that were committed between two snapshots, after a position. Those of a transaction in progress follow when it commits; they delay no others.';


create or replace function postbell_private.stream_missed(
    recipient text, since pg_snapshot, until pg_snapshot, most integer, tenant_id text default 'default'
) returns table (xid xid8, id bigint, frame json)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select e.xid, e.id, e.frame
    from postbell_private.stream_event as e
    where e.recipient_id = stream_missed.recipient
      and e.tenant_id = stream_missed.tenant_id
      and e.xid >= pg_snapshot_xmin(stream_missed.since)
      and not pg_visible_in_snapshot(e.xid, stream_missed.since)
      and pg_visible_in_snapshot(e.xid, stream_missed.until)
    order by e.xid, e.id
    limit stream_missed.most
$$;

comment on function postbell_private.stream_missed is
    'Returns the notifications of one person that were committed between two snapshots. Call is_stream_kept() afterwards to learn whether they are complete.';


create or replace function postbell_private.unread_among(tenant_ids text[], recipient_ids text[])
returns table (tenant_id text, recipient_id text, unread bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select asked.tenant_id, asked.recipient_id, counted.unread
    from unnest(unread_among.tenant_ids, unread_among.recipient_ids) as asked (tenant_id, recipient_id)
    join postbell.unread_counts as counted
        on counted.tenant_id = asked.tenant_id and counted.recipient_id = asked.recipient_id
$$;

comment on function postbell_private.unread_among(text[], text[]) is 'Returns the unread counts of several people, as in postbell.unread_counts.';


create or replace function postbell_private.truncate_stream() returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- Does not wait for a writer that still uses an old partition; the next round truncates it.
set lock_timeout = '100ms'
as $$
declare
    v_ring constant integer := 8;
    v_now constant bigint := extract(epoch from now())::bigint / 10800;
    v_slot smallint;
    v_leaf text;
    v_last_xid xid8;
    v_truncated integer := 0;
begin
    -- The partition that is written to next, and the one after it, in case a round could not lock one.
    for age in v_ring - 2 .. v_ring - 1 loop
        v_slot := mod(v_now - age, v_ring);
        v_leaf := 'stream_event_' || v_slot;
        continue when pg_relation_size(format('postbell_private.%I', v_leaf)::regclass) = 0;

        begin
            execute format('lock table only postbell_private.%I in access exclusive mode', v_leaf);
            execute format('select xid from only postbell_private.%I order by xid desc limit 1', v_leaf) into v_last_xid;
            execute format('truncate only postbell_private.%I', v_leaf);
            if v_last_xid is not null then
                insert into postbell_private.stream_truncation (slot, last_xid)
                values (v_slot, v_last_xid)
                on conflict (slot) do update set
                    last_xid = excluded.last_xid,
                    truncated_at = excluded.truncated_at;
            end if;
            v_truncated := v_truncated + 1;
        exception
            when lock_not_available then
                null;
        end;
    end loop;
    return v_truncated;
end
$$;

comment on function postbell_private.truncate_stream() is
    'Truncates the partitions of the stream that are older than 15 hours, and records up to which transaction events are gone. Returns how many were truncated. It never waits for a writer.';
