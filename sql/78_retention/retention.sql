create or replace function postbell.set_retention(kind text, keep interval) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if set_retention.keep not between interval '1 day' and interval '100 years' then
        perform postbell.raise_error('invalid_argument', 'keep must be from a day to a hundred years, or null for ever');
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
    'Sets how long rows of a kind are kept: event (the contents of events), log (deliveries, attempts and receipts) or inbox. keep: from a day to a hundred years; null for ever. The router''s housekeeping deletes what is older, but nothing that is open or held.';


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
    if postbell_private.is_erased(hold.tenant_id, hold.recipient) then
        perform postbell.raise_error('recipient_erased', format('%s of tenant %s', hold.recipient, hold.tenant_id));
    end if;

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
-- Whoever marks an item may hold its row for long.
set lock_timeout = '100ms'
as $$
#variable_conflict use_column
declare
    v_portion constant integer := 2000;
    v_end bigint;
    v_is_any_emitted_before boolean;
    v_old bigint[];
begin
    -- Some ids, of which some rows are there. An inbox has no index by which they could be counted.
    v_end := least((leaf).end_id, postbell_private.last_id((leaf).kind) + 1);
    case (leaf).kind
        when 'event' then
            select max(id) + 1, bool_or(created_at < kept_since), array_agg(id) filter (where greatest(created_at, deliver_at) < kept_since)
            into v_end, v_is_any_emitted_before, v_old
            from (
                select id, created_at, deliver_at
                from postbell_private.notification
                where id >= (leaf).cleaned_to and id < v_end
                order by id
                limit v_portion
            ) as read;
        when 'log' then
            select max(id) + 1, bool_or(created_at < kept_since), array_agg(id) filter (where greatest(created_at, due_at) < kept_since)
            into v_end, v_is_any_emitted_before, v_old
            from (
                select id, created_at, due_at
                from postbell.finished_delivery
                where id >= (leaf).cleaned_to and id < v_end
                order by id
                limit v_portion
            ) as read;
        else
            v_end := least(v_end, (leaf).cleaned_to + 10 * v_portion);
            select coalesce(bool_or(created_at < kept_since), v_end > (leaf).cleaned_to), array_agg(id) filter (where created_at < kept_since)
            into v_is_any_emitted_before, v_old
            from postbell.inbox_item
            where id >= (leaf).cleaned_to and id < v_end;
    end case;

    -- Rows lie nearly in order of emission.
    if v_is_any_emitted_before is not true then
        -- What was young, held or in use when it was passed is looked at again.
        update postbell_private.leaf as own set
            cleaned_to = own.first_id,
            cleaned_at = postbell.clock()
        where own.kind = (delete_old_rows.leaf).kind
          and own.first_id = (delete_old_rows.leaf).first_id
          and own.cleaned_to > own.first_id
          and own.cleaned_at > postbell.clock() - interval '1 day' is not true;
        return found;
    end if;

    v_old := array(
        select unnest(v_old)
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
            with gone as (
                delete from postbell.finished_delivery
                where id = any(v_old)
                returning id
            )
            select array_agg(id) into v_old from gone;
            delete from postbell.attempt where delivery_id = any(v_old);
            delete from postbell.receipt where delivery_id = any(v_old);
            delete from postbell.delivery_step where delivery_id = any(v_old);
            delete from postbell.dead_letter where delivery_id = any(v_old);
        else
            delete from postbell.inbox_item where id = any(v_old);
    end case;

    update postbell_private.leaf as own set
        cleaned_to = v_end
    where own.kind = (delete_old_rows.leaf).kind
      and own.first_id = (delete_old_rows.leaf).first_id;
    return true;
end
$$;

comment on function postbell_private.delete_old_rows(postbell_private.leaf, timestamptz) is
    'Looks at some rows of a leaf, and deletes those that are older than kept_since, and neither held nor in use. Returns false if there are no more. Raises lock_not_available if somebody uses one of them for longer than a moment.';


create or replace function postbell_private.empty_leaf(leaf postbell_private.leaf) returns void
language plpgsql
-- Whoever comes later waits behind a lock that is waited for.
set lock_timeout = '100ms'
as $$
#variable_conflict use_column
declare
    v_portion constant integer := 10000;
    v_tables constant text[] := array(
        select postbell_private.leaf_name(parent, (leaf).first_id)
        from postbell_private.leaf_tables
        where leaf_tables.kind = (leaf).kind
    );
    v_table text;
    v_is_filled boolean;
begin
    if (leaf).kind = 'log' and (leaf).emptied_at is null then
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

    execute format('lock table %s in access exclusive mode', array_to_string(v_tables, ', '));
    -- Again, now that nobody can begin to use it.
    if postbell_private.is_leaf_in_use(leaf) or exists (select from postbell_private.held_ids(leaf)) then
        return;
    end if;
    if (leaf).emptied_at is null then
        execute format('truncate %s', array_to_string(v_tables, ', '));
        update postbell_private.leaf as own set
            emptied_at = postbell.clock()
        where own.kind = (empty_leaf.leaf).kind
          and own.first_id = (empty_leaf.leaf).first_id;
        return;
    end if;

    -- Something may have been opened again and written since.
    foreach v_table in array v_tables loop
        execute format('select exists (select from %s)', v_table) into v_is_filled;
        if v_is_filled then
            update postbell_private.leaf as own set
                emptied_at = null,
                used_at = postbell.clock()
            where own.kind = (empty_leaf.leaf).kind
              and own.first_id = (empty_leaf.leaf).first_id;
            return;
        end if;
    end loop;
    -- A drop locks the parent, too. It may never happen where reports run all day; an empty leaf does little harm.
    execute format('drop table %s', array_to_string(v_tables, ', '));
    delete from postbell_private.leaf as own
    where own.kind = (empty_leaf.leaf).kind
      and own.first_id = (empty_leaf.leaf).first_id;
    -- The scan for erased persons goes by the place of a table in a list.
    delete from postbell_private.erasure_scan;
end
$$;

comment on function postbell_private.empty_leaf(postbell_private.leaf) is
    'Does the next step of removing a leaf: deletes what belongs to its deliveries, a portion at a time; truncates it; drops it. Raises lock_not_available if somebody uses it for longer than a moment.';


create or replace function postbell_private.can_be_emptied(leaf postbell_private.leaf, kept_since timestamptz) returns boolean
language sql stable
return coalesce((leaf).filled_at < kept_since, false)
and coalesce((leaf).used_at < kept_since, true)
and not postbell_private.is_leaf_in_use(leaf)
and not exists (select from postbell_private.held_ids(leaf));

comment on function postbell_private.can_be_emptied(postbell_private.leaf, timestamptz) is
    'Whether nothing in a leaf was added, open or held since a time.';


create or replace function postbell_private.forget_others(kind text, kept_since timestamptz) returns boolean
language plpgsql
as $$
#variable_conflict use_column
declare
    v_portion constant integer := 2000;
    v_count bigint;
    v_sum bigint := 0;
begin
    if forget_others.kind = 'event' then
        delete from postbell.rejected_event
        where ctid = any(array(
            select r.ctid
            from postbell.rejected_event as r
            where r.rejected_at < kept_since
              and not exists (
                  select
                  from postbell.hold as held
                  where held.tenant_id = r.tenant_id
                    and (held.recipient_id = r.recipient or held.subject = r.source ->> 'subject')
              )
            order by r.rejected_at
            limit v_portion
        ));
        get diagnostics v_count = row_count;
        v_sum := v_sum + v_count;
        delete from postbell_private.duplicate_event
        where created_at < kept_since
          and outbox_id in (select outbox_id from postbell_private.duplicate_event order by outbox_id limit v_portion);
        get diagnostics v_count = row_count;
        v_sum := v_sum + v_count;
    elsif forget_others.kind = 'log' then
        delete from postbell.receipt_without_delivery
        where ctid = any(array(
            select ctid
            from postbell.receipt_without_delivery
            where received_at < kept_since
            limit v_portion
        ));
        get diagnostics v_count = row_count;
        v_sum := v_sum + v_count;
    end if;
    return v_sum > 0;
end
$$;

comment on function postbell_private.forget_others(text, timestamptz) is
    'Deletes some old rows of a kind that lie in no leaf: rejected and repeated events, and replies. Returns false if there are none.';


create or replace function postbell_private.apply_retention(kind text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_kept_since constant timestamptz := (
        select postbell.clock() - keep from postbell.retention where retention.kind = apply_retention.kind
    );
    v_duration constant interval := postbell_private.leaf_duration(apply_retention.kind);
    v_routed_before constant xid8 := pg_snapshot_xmin((postbell_private.current_step()).snapshot);
    v_leaf postbell_private.leaf;
begin
    if v_kept_since is null then
        return false;
    end if;

    for v_leaf in
        select *
        from postbell_private.leaf
        where leaf.kind = apply_retention.kind
          and began_at < v_kept_since
        order by first_id
    loop
        -- A transaction that may have emitted one of its events is not routed.
        continue when v_leaf.filled_before >= v_routed_before;
        begin
            if postbell_private.can_be_emptied(v_leaf, v_kept_since) then
                perform postbell_private.empty_leaf(v_leaf);
                return true;
            end if;
            -- Row by row where a leaf lasts long, because there are few rows, and where some of its rows must stay.
            if (v_leaf.filled_at < v_kept_since or coalesce(v_leaf.filled_at, postbell.clock()) - v_leaf.began_at > 2 * v_duration)
                and postbell_private.delete_old_rows(v_leaf, v_kept_since)
            then
                return true;
            end if;
        exception
            -- Somebody uses it, and the next time is soon.
            when lock_not_available then
                null;
        end;
    end loop;
    return postbell_private.forget_others(apply_retention.kind, v_kept_since);
end
$$;

comment on function postbell_private.apply_retention(text) is
    'Removes some of what is older than postbell.retention says, of one kind. Returns false if there is no more. One call is one transaction, because a leaf is locked until it ends.';
