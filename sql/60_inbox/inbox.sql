create or replace view postbell.inbox
with (security_invoker = true) as
select
    item.id,
    item.tenant_id,
    item.recipient_id,
    item.event,
    item.category,
    item.subject,
    item.title,
    item.body,
    item.link,
    item.image,
    item.actions,
    item.created_at,
    item.seen_at,
    item.read_at,
    item.archived_at,
    coalesce(item.id = any(person.pinned_items), false) as is_pinned
from postbell.inbox_item as item
-- Read once for a person's page, and not at all where is_pinned is not asked for.
left join postbell.recipient as person on person.tenant_id = item.tenant_id and person.id = item.recipient_id;

comment on view postbell.inbox is 'The items of people''s inboxes. Newest first: where tenant_id = … and recipient_id = … order by id desc.';
comment on column postbell.inbox.id is 'The id of the item''s delivery. mark_read() and the like take it.';
comment on column postbell.inbox.subject is 'What the event is about, such as order:42.';
comment on column postbell.inbox.link is 'Where the item leads; null where it leads nowhere.';
comment on column postbell.inbox.actions is 'The buttons of the item: [{"label": "...", "link": "..."}].';
comment on column postbell.inbox.seen_at is 'When the person first saw it in the list; null if not yet.';
comment on column postbell.inbox.read_at is 'When the person read it; null if it is unread.';
comment on column postbell.inbox.archived_at is 'When the person put it away; null if it is in the inbox. Add `where archived_at is null` for what an inbox shows.';
comment on column postbell.inbox.is_pinned is 'Whether the person keeps it on top of the inbox. No index has that order, so do not sort by it.';


create or replace view postbell.unread_counts
with (security_invoker = true) as
select
    person.tenant_id,
    person.id as recipient_id,
    counted.unread
from postbell.recipient as person
cross join lateral (
    select count(*) as unread
    from (
        select
        from postbell.inbox_item as item
        where item.tenant_id = person.tenant_id
          and item.recipient_id = person.id
          and item.read_at is null
          and item.archived_at is null
          and not item.is_silent
        -- A page shows "99+" beyond 99, so counting stops at 100.
        limit 100
    ) as unread_item
) as counted;

comment on view postbell.unread_counts is 'The number of unread inbox items of each person, counted up to 100. Silent and archived items do not count.';


create or replace function postbell_private.record_inbox(batch_id bigint, claim_token uuid, items json, versions jsonb default '{}') returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_is_gateway_present constant boolean := postbell_private.is_gateway_present();
    v_carried bigint[];
    v_written integer;
    v_tenant_id text;
    v_recipient_ids text[];
    v_item_ids bigint[];
begin
    -- Nothing is written without a valid claim: after a crash other deliveries may have these ids.
    delete from postbell.batch
    where id = record_inbox.batch_id
      and claim_token = record_inbox.claim_token
    returning delivery_ids into v_carried;
    if not found then
        return null;
    end if;

    with free as (
        select d.id, n.subject, kind.category, item.title, item.body, item.link, item.image, item.actions
        from json_to_recordset(items)
            as item (delivery_id bigint, title text, body text, link text, image text, actions jsonb)
        join postbell.open_delivery as d on d.id = item.delivery_id
        join postbell_private.notification as n on n.id = d.notification_id
        join postbell.event_type as kind on kind.key = d.event
        -- Not a join: the dispatcher's sessions disable hash joins, and a nested loop would compare every pair.
        where (item.delivery_id in (select unnest(v_carried))) is true
          and d.state = 'queued'
        -- Deliveries that are being cancelled are skipped.
        for update of d skip locked
    ),

    -- The item is inserted in the transaction that settles the delivery, so exactly once.
    settled as (
        update postbell.open_delivery as d set
            state = 'delivered',
            reason = null,
            attempts = attempts + 1,
            provider = 'inbox',
            sent_at = clock_timestamp(),
            delivered_at = clock_timestamp(),
            template_version = coalesce(versions ->> d.id::text, versions ->> d.event)
        from free
        where d.id = free.id
        returning
            d.id, d.notification_id, d.tenant_id, d.recipient_id, d.event, d.is_silent, d.created_at,
            free.subject, free.category, free.title, free.body, free.link, free.image, free.actions
    ),

    written as (
        insert into postbell.inbox_item (
            id, outbox_id, tenant_id, recipient_id, event, category, subject,
            title, body, link, image, actions, is_silent, created_at
        )
        select
            id, notification_id, tenant_id, recipient_id, event, category, subject,
            title, body, link, image, coalesce(actions, '[]'), is_silent, created_at
        from settled
        returning id, tenant_id, recipient_id, is_silent
    )

    select
        count(*),
        min(tenant_id),
        array_agg(recipient_id) filter (where v_is_gateway_present and not is_silent),
        array_agg(id) filter (where v_is_gateway_present and not is_silent)
    into v_written, v_tenant_id, v_recipient_ids, v_item_ids
    from written;

    -- A batch has one tenant, so open streams need one row.
    if v_item_ids is not null then
        insert into postbell_private.stream_event (tenant_id, kind, recipient_ids, item_ids)
        values (v_tenant_id, 'added', v_recipient_ids, v_item_ids);
        perform postbell_private.notify_gateways();
    end if;

    perform postbell_private.requeue(v_carried);
    return v_written;
end
$$;

comment on function postbell_private.record_inbox is 'Inserts rendered items into the inbox, settles their deliveries and finishes the batch, in one transaction. items: [{"delivery_id": 1, "title": "…", "body": "…", "link": null, "image": null, "actions": []}]. versions: the template versions, by event, and by delivery id where one differs, {"order.paid": "…"}. Returns how many items were inserted; null if the claim does not hold, and then nothing is written.';


create or replace function postbell.mark_seen(recipient text, item_ids bigint[], tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        seen_at = postbell.clock()
    where tenant_id = mark_seen.tenant_id
      and recipient_id = mark_seen.recipient
      and id = any(item_ids)
      and seen_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.mark_seen(text, bigint[], text) is 'Marks inbox items as seen. Returns how many were not seen before.';


create or replace function postbell.mark_read(recipient text, item_ids bigint[], tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        read_at = postbell.clock(),
        seen_at = coalesce(seen_at, postbell.clock())
    where tenant_id = mark_read.tenant_id
      and recipient_id = mark_read.recipient
      and id = any(item_ids)
      and read_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.mark_read(text, bigint[], text) is 'Marks inbox items as read and seen. Returns how many were unread.';


create or replace function postbell.mark_unread(recipient text, item_ids bigint[], tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        read_at = null
    where tenant_id = mark_unread.tenant_id
      and recipient_id = mark_unread.recipient
      and id = any(item_ids)
      and read_at is not null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.mark_unread(text, bigint[], text) is 'Marks inbox items as unread. Returns how many were read.';


create or replace function postbell.archive(recipient text, item_ids bigint[], tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        archived_at = postbell.clock()
    where tenant_id = archive.tenant_id
      and recipient_id = archive.recipient
      and id = any(item_ids)
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.archive(text, bigint[], text) is 'Archives inbox items, which no longer count as unread. Returns how many were not archived before.';


create or replace function postbell.unarchive(recipient text, item_ids bigint[], tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        archived_at = null
    where tenant_id = unarchive.tenant_id
      and recipient_id = unarchive.recipient
      and id = any(item_ids)
      and archived_at is not null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.unarchive(text, bigint[], text) is 'Takes inbox items out of the archive. Returns how many were archived.';


create or replace function postbell.pin(recipient text, item_ids bigint[], tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_most constant integer := 20;
    v_former bigint[];
    v_pinned bigint[];
begin
    select pinned_items into v_former
    from postbell.recipient
    where tenant_id = pin.tenant_id
      and id = pin.recipient
    for no key update;

    -- What retention has removed meanwhile goes from the list, too.
    select coalesce((array_agg(id order by id = any(v_former), array_position(v_former, id), id desc))[:v_most], '{}') into v_pinned
    from postbell.inbox_item
    where tenant_id = pin.tenant_id
      and recipient_id = pin.recipient
      and id = any(v_former || item_ids);

    update postbell.recipient set
        pinned_items = v_pinned
    where tenant_id = pin.tenant_id
      and id = pin.recipient
      and pinned_items <> v_pinned;
    return (select count(*) from unnest(v_pinned) as id where id <> all(v_former));
end
$$;

comment on function postbell.pin(text, bigint[], text) is 'Pins inbox items, which then come first. A person has at most 20 pinned items; of more, those that were pinned first are not pinned any longer. Returns how many were not pinned before.';


create or replace function postbell.unpin(recipient text, item_ids bigint[], tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_former bigint[];
    v_pinned bigint[];
begin
    select pinned_items into v_former
    from postbell.recipient
    where tenant_id = unpin.tenant_id
      and id = unpin.recipient
    for no key update;

    select coalesce(array_agg(id order by place), '{}') into v_pinned
    from unnest(v_former) with ordinality as pinned (id, place)
    where (id = any(item_ids)) is not true;

    update postbell.recipient set
        pinned_items = v_pinned
    where tenant_id = unpin.tenant_id
      and id = unpin.recipient
      and pinned_items <> v_pinned;
    return (select count(*) from unnest(v_former) as id where id = any(item_ids));
end
$$;

comment on function postbell.unpin(text, bigint[], text) is 'Unpins inbox items. Returns how many were pinned.';


create or replace function postbell.mark_all_seen(recipient text, tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        seen_at = postbell.clock()
    where tenant_id = mark_all_seen.tenant_id
      and recipient_id = mark_all_seen.recipient
      -- Read items are seen, so only unread ones, which have an index, can match.
      and read_at is null
      and seen_at is null
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.mark_all_seen(text, text) is 'Marks all inbox items of a person as seen. Returns how many were not seen before.';


create or replace function postbell.mark_all_read(recipient text, tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        read_at = postbell.clock(),
        seen_at = coalesce(seen_at, postbell.clock())
    where tenant_id = mark_all_read.tenant_id
      and recipient_id = mark_all_read.recipient
      and read_at is null
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.mark_all_read(text, text) is 'Marks all inbox items of a person as read and seen. Returns how many were unread.';


create or replace function postbell.undo_mark_all_read(recipient text, read_at timestamptz, tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        read_at = null
    where tenant_id = undo_mark_all_read.tenant_id
      and recipient_id = undo_mark_all_read.recipient
      and read_at = undo_mark_all_read.read_at;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.undo_mark_all_read(text, timestamptz, text) is 'Marks those inbox items as unread that were marked as read at exactly this time: that of a transaction which called mark_all_read(). Returns how many.';


create or replace function postbell.archive_all(recipient text, tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        archived_at = postbell.clock()
    where tenant_id = archive_all.tenant_id
      and recipient_id = archive_all.recipient
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.archive_all(text, text) is 'Archives all inbox items of a person. Returns how many were not archived before.';
