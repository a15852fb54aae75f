create or replace function postbell.set_retention(kind text, keep interval) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if set_retention.keep < interval '1 day' then
        perform postbell.raise_error('invalid_argument', 'keep must be a day at least, or null for ever');
    end if;
    update postbell.retention set
        keep = set_retention.keep
    where retention.kind = set_retention.kind;
    if not found then
        perform postbell.raise_error('invalid_argument', format('kind %L is none of event, log and inbox', set_retention.kind));
    end if;
end
$$;

comment on function postbell.set_retention(text, interval) is
    'Sets how long rows of a kind are kept: event (the contents of events), log (deliveries, attempts and receipts) or inbox. keep: a day at least; null for ever. The router''s housekeeping deletes what is older, but nothing that is open or held.';


create or replace function postbell.hold(
    subject text default null, recipient text default null, tenant_id text default 'default', reason text default ''
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_id bigint;
begin
    if num_nonnulls(hold.subject, hold.recipient) <> 1 then
        perform postbell.raise_error('invalid_argument', 'hold either a subject or a recipient');
    end if;
    if hold.subject is not null then
        perform postbell.require_identifier('subject', hold.subject);
    else
        perform postbell.require_identifier('recipient', hold.recipient);
    end if;
    perform postbell.require_identifier('tenant_id', hold.tenant_id);
    perform postbell.require_short('reason', hold.reason);

    insert into postbell.hold as held (tenant_id, subject, recipient_id, reason)
    values (hold.tenant_id, hold.subject, hold.recipient, hold.reason)
    on conflict (tenant_id, subject, recipient_id) do update set
        reason = excluded.reason
    returning held.id into v_id;
    return v_id;
end
$$;

comment on function postbell.hold(text, text, text, text) is
    'Keeps what is about a subject, or for a recipient, whatever its age, and forbids to erase the recipient: a legal hold. Returns its id, for postbell.release_hold(). Holding again changes the reason.';


create or replace function postbell.release_hold(id bigint) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell.hold as held
    where held.id = release_hold.id;
    if not found then
        return false;
    end if;
    update postbell_private.leaf set cleaned_to = first_id;
    return true;
end
$$;

comment on function postbell.release_hold(bigint) is 'Ends a legal hold. What it kept follows the retention again. Returns false if there is no such hold.';


create or replace function postbell_private.held_ids(leaf postbell_private.leaf) returns setof bigint
language plpgsql stable
as $$
#variable_conflict use_column
begin
    -- Nothing is planned for the usual case.
    if not exists (select from postbell.hold) then
        return;
    end if;

    if (leaf).kind = 'inbox' then
        return query
        select item.id
        from postbell.hold as held
        join postbell.inbox_item as item on item.tenant_id = held.tenant_id and item.recipient_id = held.recipient_id
        where item.id >= (leaf).first_id and item.id < (leaf).end_id
        union
        select item.id
        from postbell.hold as held
        join postbell.inbox_item as item on item.tenant_id = held.tenant_id and item.subject = held.subject
        where item.id >= (leaf).first_id and item.id < (leaf).end_id;
    elsif (leaf).kind = 'log' then
        return query
        select d.id
        from postbell.hold as held
        join postbell.finished_delivery as d on d.tenant_id = held.tenant_id and d.recipient_id = held.recipient_id
        where d.id >= (leaf).first_id and d.id < (leaf).end_id
        union
        select d.id
        from postbell.hold as held
        join postbell_private.notification as n on n.tenant_id = held.tenant_id and n.subject = held.subject
        join postbell.finished_delivery as d on d.notification_id = n.id
        where d.id >= (leaf).first_id and d.id < (leaf).end_id;
    else
        return query
        select n.id
        from postbell.hold as held
        join postbell_private.notification as n on n.tenant_id = held.tenant_id and n.subject = held.subject
        where n.id >= (leaf).first_id and n.id < (leaf).end_id
        union
        select n.id
        from postbell.hold as held
        join postbell.delivery as d on d.tenant_id = held.tenant_id and d.recipient_id = held.recipient_id
        join postbell_private.notification as n on n.id = d.notification_id
        where n.id >= (leaf).first_id and n.id < (leaf).end_id;
    end if;
end
$$;

comment on function postbell_private.held_ids(postbell_private.leaf) is 'Returns the ids in a leaf that a legal hold keeps.';


create or replace function postbell_private.is_leaf_in_use(leaf postbell_private.leaf) returns boolean
language sql stable
return case (leaf).kind
    when 'event' then
        exists (
            select
            from postbell.open_delivery
            where notification_id >= (leaf).first_id and notification_id < (leaf).end_id
        )
        or exists (
            select
            from postbell.scheduled_notification
            where notification_id >= (leaf).first_id and notification_id < (leaf).end_id
        )
        or exists (
            select
            from postbell.fanout
            where notification_id >= (leaf).first_id and notification_id < (leaf).end_id
        )
    else exists (
        select
        from postbell.open_delivery
        where id >= (leaf).first_id and id < (leaf).end_id
    )
end;

comment on function postbell_private.is_leaf_in_use(postbell_private.leaf) is 'Whether something open needs a leaf.';


create or replace function postbell_private.delete_old_rows(leaf postbell_private.leaf, kept_since timestamptz) returns boolean
language plpgsql
as $$
#variable_conflict use_column
declare
    v_portion constant integer := 2000;
    v_read bigint[];
    v_ages timestamptz[];
    v_young integer;
    v_old bigint[];
begin
    case (leaf).kind
        when 'event' then
            select array_agg(id order by id), array_agg(aged.at order by id)
            into v_read, v_ages
            from (
                select id, greatest(created_at, deliver_at) as at
                from postbell_private.notification
                where id >= (leaf).cleaned_to and id < (leaf).end_id
                order by id
                limit v_portion
            ) as aged;
        when 'log' then
            select array_agg(id order by id), array_agg(aged.at order by id)
            into v_read, v_ages
            from (
                select id, greatest(created_at, due_at) as at
                from postbell.finished_delivery
                where id >= (leaf).cleaned_to and id < (leaf).end_id
                order by id
                limit v_portion
            ) as aged;
        else
            select array_agg(id order by id), array_agg(aged.at order by id)
            into v_read, v_ages
            from (
                select id, created_at as at
                from postbell.inbox_item
                where id >= (leaf).cleaned_to and id < (leaf).end_id
                order by id
                limit v_portion
            ) as aged;
    end case;

    -- Rows lie nearly in order of age: what follows the first young one waits for it.
    select min(place) into v_young
    from unnest(v_ages) with ordinality as aged (at, place)
    where at >= kept_since;
    v_read := v_read[:coalesce(v_young - 1, cardinality(v_read))];
    if coalesce(cardinality(v_read), 0) = 0 then
        return false;
    end if;

    v_old := array(
        select id
        from unnest(v_read) as id
        except
        select held
        from postbell_private.held_ids(leaf) as held
    );
    case (leaf).kind
        when 'event' then
            delete from postbell_private.notification as n
            where id = any(v_old)
              and not exists (select from postbell.open_delivery as d where d.notification_id = n.id)
              and not exists (select from postbell.scheduled_notification as s where s.notification_id = n.id)
              and not exists (select from postbell.fanout as f where f.notification_id = n.id);
        when 'log' then
            delete from postbell.finished_delivery where id = any(v_old);
            delete from postbell.attempt where delivery_id = any(v_old);
            delete from postbell.receipt where delivery_id = any(v_old);
            delete from postbell.delivery_step where delivery_id = any(v_old);
            delete from postbell.dead_letter where delivery_id = any(v_old);
        else
            delete from postbell.inbox_item where id = any(v_old);
    end case;

    update postbell_private.leaf as own set
        cleaned_to = v_read[cardinality(v_read)] + 1
    where own.kind = (delete_old_rows.leaf).kind
      and own.first_id = (delete_old_rows.leaf).first_id;
    return true;
end
$$;

comment on function postbell_private.delete_old_rows(postbell_private.leaf, timestamptz) is
    'Deletes some rows of a leaf that are older than kept_since, and neither held nor in use. Returns false if there are none.';


create or replace function postbell_private.empty_leaf(leaf postbell_private.leaf) returns void
language plpgsql
-- Whoever comes later waits behind a lock that is waited for.
set lock_timeout = '100ms'
as $$
#variable_conflict use_column
declare
    v_portion constant integer := 10000;
    v_tables constant text := (
        select string_agg(postbell_private.leaf_name(parent, (leaf).first_id), ', ')
        from postbell_private.leaf_tables
        where leaf_tables.kind = (leaf).kind
    );
begin
    if (leaf).emptied_at is not null then
        -- A drop locks the parent, too. It may never happen where reports run all day; an empty leaf does little harm.
        execute format('drop table %s', v_tables);
        delete from postbell_private.leaf as own
        where own.kind = (empty_leaf.leaf).kind
          and own.first_id = (empty_leaf.leaf).first_id;
        -- The scan for erased persons goes by the place of a table in a list.
        delete from postbell_private.erasure_scan;
        return;
    end if;

    if (leaf).kind = 'log' then
        delete from postbell.delivery_step
        where ctid = any(array(
            select ctid
            from postbell.delivery_step
            where delivery_id >= (leaf).first_id and delivery_id < (leaf).end_id
            limit v_portion
        ));
        if found then
            return;
        end if;
        delete from postbell.dead_letter
        where delivery_id in (
            select delivery_id
            from postbell.dead_letter
            where delivery_id >= (leaf).first_id and delivery_id < (leaf).end_id
            order by delivery_id
            limit v_portion
        );
        if found then
            return;
        end if;
    end if;

    execute format('lock table %s in access exclusive mode', v_tables);
    -- Again, now that nobody can begin to use it.
    if postbell_private.is_leaf_in_use(leaf) or exists (select from postbell_private.held_ids(leaf)) then
        return;
    end if;
    execute format('truncate %s', v_tables);
    update postbell_private.leaf as own set
        emptied_at = postbell.clock()
    where own.kind = (empty_leaf.leaf).kind
      and own.first_id = (empty_leaf.leaf).first_id;
end
$$;

comment on function postbell_private.empty_leaf(postbell_private.leaf) is
    'Does the next step of removing a leaf: deletes what belongs to its deliveries, a portion at a time; truncates it; drops it. Raises lock_not_available if somebody uses it for longer than a moment.';


create or replace function postbell_private.apply_retention_to(kind text, keep interval) returns boolean
language plpgsql
as $$
#variable_conflict use_column
declare
    v_kept_since constant timestamptz := postbell.clock() - apply_retention_to.keep;
    v_duration constant interval := postbell_private.leaf_duration(apply_retention_to.kind);
    v_leaf postbell_private.leaf;
begin
    for v_leaf in
        select *
        from postbell_private.leaf
        where leaf.kind = apply_retention_to.kind
          and began_at < v_kept_since
        order by first_id
    loop
        if v_leaf.filled_at < v_kept_since and not exists (select from postbell_private.held_ids(v_leaf)) then
            continue when postbell_private.is_leaf_in_use(v_leaf);
            begin
                perform postbell_private.empty_leaf(v_leaf);
                return true;
            exception
                -- It is in use, and the next time is soon.
                when lock_not_available then
                    continue;
            end;
        end if;
        -- Row by row where a leaf lasts long, because there are few rows, and where some of its rows are held.
        if v_leaf.filled_at < v_kept_since or coalesce(v_leaf.filled_at, postbell.clock()) - v_leaf.began_at > 2 * v_duration then
            if postbell_private.delete_old_rows(v_leaf, v_kept_since) then
                return true;
            end if;
        end if;
    end loop;
    return false;
end
$$;

comment on function postbell_private.apply_retention_to(text, interval) is 'Does the next step of removing what is old, for one kind of rows. Returns false if there is nothing to do.';


create or replace function postbell_private.forget_rejections(keep interval) returns boolean
language plpgsql
as $$
declare
    v_portion constant integer := 2000;
begin
    delete from postbell.rejected_event
    where ctid = any(array(
        select ctid
        from postbell.rejected_event
        where rejected_at < postbell.clock() - keep
        order by rejected_at
        limit v_portion
    ));
    return found;
end
$$;

comment on function postbell_private.forget_rejections(interval) is 'Deletes some rejected events that are older. Returns false if there are none.';


create or replace function postbell_private.apply_retention() returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_retention postbell.retention;
    v_has_more boolean := false;
begin
    for v_retention in
        select * from postbell.retention where keep is not null order by kind
    loop
        begin
            v_has_more := postbell_private.apply_retention_to(v_retention.kind, v_retention.keep) or v_has_more;
            if v_retention.kind = 'event' then
                v_has_more := postbell_private.forget_rejections(v_retention.keep) or v_has_more;
            end if;
        exception
            -- The other kinds are done now, and this one the next time.
            when others then
                raise warning 'housekeeping: retention of % failed: %: %', v_retention.kind, sqlstate, sqlerrm;
        end;
    end loop;
    return v_has_more;
end
$$;

comment on function postbell_private.apply_retention() is
    'Removes some of what is older than postbell.retention says. Returns whether there may be more. A kind with which that fails is skipped with a warning.';
