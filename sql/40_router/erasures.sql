-- What an erasure leaves to housekeeping: tables without an index by person, and what other transactions wrote meanwhile.
-- The scan goes through them block by block, for all open erasures together, a portion each round.
create or replace function postbell_private.scanned_tables() returns regclass[]
language sql stable
return
    -- Duplicates of the person's events are found by the events, and copies in the outbox by both.
    array(
        select inhrelid::regclass
        from pg_inherits
        where inhparent = 'postbell_private.notification'::regclass
        order by inhrelid
    )
    || array['postbell.rejected_event', 'postbell_private.duplicate_event', 'postbell_private.idempotency_key']::regclass[]
    || array(
        select inhrelid::regclass
        from pg_inherits
        where inhparent in ('postbell.outbox'::regclass, 'postbell_private.stream_event'::regclass)
        order by inhparent, inhrelid
    );

comment on function postbell_private.scanned_tables() is 'Returns the tables that the scan for erased persons reads, in order; of the rings and of notification, the partitions.';


create or replace function postbell_private.scanned_erasures() returns setof postbell_private.open_erasure
language sql stable
as $$
    select *
    from postbell_private.open_erasure
    where scan_began_at is not null
      and scanned_at is null
$$;

comment on function postbell_private.scanned_erasures() is 'Returns the erasures for which the scan is under way.';


create or replace function postbell_private.scan_notifications(source regclass, first tid, last tid) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_found record;
    v_who postbell_private.open_erasure;
begin
    for v_found in execute format($query$
        select who as who, array_agg(distinct n.id) as ids
        from only %1$s as n
        cross join lateral postbell_private.named_in(n.recipient, n.actor, n.audience) as named (id)
        join postbell_private.scanned_erasures() as who on who.tenant_id = n.tenant_id and who.recipient_id = named.id
        where n.ctid >= $1
          and n.ctid < $2
          -- Few rows are left for the join, which costs ten times as much.
          and (
              n.recipient in (select recipient_id from postbell_private.scanned_erasures())
              or n.actor in (select recipient_id from postbell_private.scanned_erasures())
              or n.audience ? 'recipients'
          )
        group by who
    $query$, scan_notifications.source)
    using scan_notifications.first, scan_notifications.last
    loop
        v_who := v_found.who;
        perform postbell_private.erase_events(v_who, v_found.ids);
        -- The others are not the person's alone: they are renamed in them.
        update postbell_private.notification as n set
            recipient = case when n.recipient = v_who.recipient_id then v_who.pseudonym else n.recipient end,
            actor = case when n.actor = v_who.recipient_id then v_who.pseudonym else n.actor end,
            audience = postbell_private.rename_in_audience(n.audience, v_who.recipient_id, v_who.pseudonym)
        where n.id = any(v_found.ids)
          and v_who.recipient_id in (select * from postbell_private.named_in(n.recipient, n.actor, n.audience));
    end loop;
end
$$;

comment on function postbell_private.scan_notifications(regclass, tid, tid) is 'Erases persons in a leaf of the events that the router accepted.';


create or replace function postbell_private.scan_rejected_events(source regclass, first tid, last tid) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_found record;
    v_who postbell_private.open_erasure;
begin
    for v_found in
        select who as who, array_agg(r.outbox_id) as ids
        from postbell.rejected_event as r
        cross join lateral postbell_private.named_in(r.recipient, r.source ->> 'actor', r.source -> 'audience') as named (id)
        join postbell_private.scanned_erasures() as who on who.tenant_id = r.tenant_id and who.recipient_id = named.id
        where r.ctid >= scan_rejected_events.first
          and r.ctid < scan_rejected_events.last
        group by who
    loop
        v_who := v_found.who;
        update postbell.rejected_event as r set
            recipient = case when r.recipient = v_who.recipient_id then v_who.pseudonym else r.recipient end,
            source = null,
            detail = null
        where r.outbox_id = any(v_found.ids);
        perform postbell_private.count_removed(v_who.erasure_id, 'rejected_event', cardinality(v_found.ids));
    end loop;
end
$$;

comment on function postbell_private.scan_rejected_events(regclass, tid, tid) is 'Erases persons in rejected events. Nobody needs the content of one that names them.';


create or replace function postbell_private.scan_duplicate_events(source regclass, first tid, last tid) returns void
language sql
as $$
    insert into postbell_private.erased_event (erasure_id, event_id)
    select own.erasure_id, d.outbox_id
    from postbell_private.duplicate_event as d
    join postbell_private.erased_event as own on own.event_id = d.first_outbox_id
    where d.ctid >= scan_duplicate_events.first
      and d.ctid < scan_duplicate_events.last
    on conflict do nothing
$$;

comment on function postbell_private.scan_duplicate_events(regclass, tid, tid) is 'Finds duplicates of erased events, which say the same.';


create or replace function postbell_private.scan_idempotency_keys(source regclass, first tid, last tid) returns void
language sql
as $$
    delete from postbell_private.idempotency_key as used
    where used.ctid >= scan_idempotency_keys.first
      and used.ctid < scan_idempotency_keys.last
      and used.outbox_id in (select event_id from postbell_private.erased_event)
$$;

comment on function postbell_private.scan_idempotency_keys(regclass, tid, tid) is 'Deletes the keys of erased events, which may say whom they were for. Repeated events are for somebody who is erased.';


create or replace function postbell_private.scan_outbox(source regclass, first tid, last tid) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_found record;
    v_who postbell_private.open_erasure;
begin
    -- Routed events only: the scan begins when everything that the person's transactions emitted is.
    execute format($query$
        delete from only %1$s as e
        where e.ctid >= $1
          and e.ctid < $2
          and (
              e.id in (select event_id from postbell_private.erased_event)
              or e.audience is null
              and (e.tenant_id, e.recipient) in (select tenant_id, recipient_id from postbell_private.scanned_erasures())
          )
    $query$, scan_outbox.source)
    using scan_outbox.first, scan_outbox.last;

    for v_found in execute format($query$
        select who as who, e.xid, e.id
        from only %1$s as e
        cross join lateral postbell_private.named_in(e.recipient, e.actor, e.audience) as named (id)
        join postbell_private.scanned_erasures() as who on who.tenant_id = e.tenant_id and who.recipient_id = named.id
        where e.ctid >= $1
          and e.ctid < $2
          and (
              e.recipient in (select recipient_id from postbell_private.scanned_erasures())
              or e.actor in (select recipient_id from postbell_private.scanned_erasures())
              or e.audience ? 'recipients'
          )
    $query$, scan_outbox.source)
    using scan_outbox.first, scan_outbox.last
    loop
        v_who := v_found.who;
        update postbell.outbox as e set
            recipient = case when e.recipient = v_who.recipient_id then v_who.pseudonym else e.recipient end,
            actor = case when e.actor = v_who.recipient_id then v_who.pseudonym else e.actor end,
            audience = postbell_private.rename_in_audience(e.audience, v_who.recipient_id, v_who.pseudonym)
        where e.xid = v_found.xid
          and e.id = v_found.id;
    end loop;
end
$$;

comment on function postbell_private.scan_outbox(regclass, tid, tid) is 'Erases persons in a partition of the outbox: deletes their own events, and renames them in those of others.';


create or replace function postbell_private.scan_stream(source regclass, first tid, last tid) returns void
language plpgsql
as $$
declare
    v_who postbell_private.open_erasure;
begin
    for v_who in select * from postbell_private.scanned_erasures() loop
        execute format($query$
            delete from only %1$s as e
            where e.ctid >= $1
              and e.ctid < $2
              and e.tenant_id = $3
              and e.recipient_id = $4
        $query$, scan_stream.source)
        using scan_stream.first, scan_stream.last, v_who.tenant_id, v_who.recipient_id;

        execute format($query$
            update only %1$s as e set
                recipient_ids = array_replace(e.recipient_ids, $4, $5)
            where e.ctid >= $1
              and e.ctid < $2
              and e.tenant_id = $3
              and $4 = any(e.recipient_ids)
        $query$, scan_stream.source)
        using scan_stream.first, scan_stream.last, v_who.tenant_id, v_who.recipient_id, v_who.pseudonym;
    end loop;
end
$$;

comment on function postbell_private.scan_stream(regclass, tid, tid) is 'Erases persons in a partition of the stream.';


create or replace function postbell_private.scan_portion() returns boolean
language plpgsql
as $$
declare
    -- 2 MiB.
    v_blocks constant bigint := 256;
    v_tables constant regclass[] := postbell_private.scanned_tables();
    v_scan postbell_private.erasure_scan;
    v_table regclass;
    v_name text;
    v_end bigint;
begin
    select * into strict v_scan from postbell_private.erasure_scan;
    v_table := v_tables[v_scan.part];
    if v_scan.filenode is distinct from pg_relation_filenode(v_table) then
        v_scan.block := 0;
    end if;
    v_end := v_scan.block + v_blocks;

    select coalesce(parent.relname, own.relname) into v_name
    from pg_class as own
    left join pg_inherits on inhrelid = own.oid
    left join pg_class as parent on parent.oid = inhparent
    where own.oid = v_table;
    execute format(
        'select postbell_private.%I($1, $2, $3)',
        case v_name
            when 'notification' then 'scan_notifications'
            when 'rejected_event' then 'scan_rejected_events'
            when 'duplicate_event' then 'scan_duplicate_events'
            when 'idempotency_key' then 'scan_idempotency_keys'
            when 'outbox' then 'scan_outbox'
            when 'stream_event' then 'scan_stream'
        end
    )
    using v_table, format('(%s,0)', v_scan.block)::tid, format('(%s,0)', v_end)::tid;

    if v_end * current_setting('block_size')::bigint < pg_relation_size(v_table) then
        update postbell_private.erasure_scan set block = v_end, filenode = pg_relation_filenode(v_table);
        return true;
    end if;
    -- The filenode of the next table is unlike this one, so that its scan begins with its first block.
    update postbell_private.erasure_scan set part = v_scan.part % cardinality(v_tables) + 1, block = 0, filenode = null;
    return v_scan.part < cardinality(v_tables);
end
$$;

comment on function postbell_private.scan_portion() is 'Scans the next blocks for erased persons. Returns false after the last of the last table.';


create or replace function postbell_private.erase_mentions(who postbell_private.open_erasure) returns void
language plpgsql
as $$
declare
    -- The id where it stands by itself, so that u1 is not found in u12.
    v_id constant text := '(^|[^[:alnum:]])' || regexp_replace(who.recipient_id, '([^[:alnum:]])', '\\\1', 'g') || '(?![[:alnum:]])';
    v_user constant text := format('user %s of tenant %s', who.recipient_id, who.tenant_id);
    -- What is shorter is no address, and might stand anywhere.
    v_telling constant integer := 6;
begin
    -- Only if nobody else's event has the subject: order:42 is not about the person 42.
    update postbell_private.cancellation as c set
        subject = regexp_replace(c.subject, v_id, '\1' || who.pseudonym, 'g')
    where c.tenant_id = who.tenant_id
      and c.subject ~ v_id
      and c.xid < who.awaits
      and not exists (
          select
          from postbell_private.notification as n
          where n.subject = c.subject
            and n.tenant_id = c.tenant_id
      );
    update postbell_private.recipient_mirror as m set
        failure = format('user %s of tenant %s', who.pseudonym, who.tenant_id)
    where starts_with(m.failure, v_user || ':');
    delete from postbell_private.early_receipt as early
    where exists (
        select
        from unnest(who.addresses) as address
        where length(address) >= v_telling
          and strpos(lower(early.receipt::text), address) > 0
    );
    delete from postbell_queue.pgqueuer_log as former
    where exists (
        select
        from unnest(who.addresses) as address
        where length(address) >= v_telling
          and strpos(lower(former.traceback::text), address) > 0
    );
end
$$;

comment on function postbell_private.erase_mentions(postbell_private.open_erasure) is
    'Erases what free texts of small tables say about a person: subjects of cancellations, errors of mirrors and jobs, receipts of unknown messages.';


create or replace function postbell_private.is_anything_left(who postbell_private.open_erasure) returns boolean
language sql stable
return
    exists (select from postbell.delivery where recipient_id = who.recipient_id and tenant_id = who.tenant_id)
    or exists (select from postbell.inbox_item where recipient_id = who.recipient_id and tenant_id = who.tenant_id)
    or exists (select from postbell.waiting_delivery where recipient_id = who.recipient_id and tenant_id = who.tenant_id)
    or exists (select from postbell_private.fanout_member where recipient_id = who.recipient_id and tenant_id = who.tenant_id)
    -- The place where a fan-out goes on. It passes.
    or exists (select from postbell.fanout where after_recipient = who.recipient_id and tenant_id = who.tenant_id);

comment on function postbell_private.is_anything_left(postbell_private.open_erasure) is
    'Whether something of a person is left that was in use: a message in flight, a row that was locked, an audience that is fanned out.';


create or replace function postbell_private.erase_leftovers(who postbell_private.open_erasure) returns void
language plpgsql
as $$
begin
    delete from postbell_private.fanout_member
    where recipient_id = who.recipient_id
      and tenant_id = who.tenant_id;
    perform postbell_private.erase_waiting(who);
    perform postbell_private.erase_deliveries(who);
    perform postbell_private.erase_inbox(who);
end
$$;

comment on function postbell_private.erase_leftovers(postbell_private.open_erasure) is
    'Erases what was written about a person, or let go, since they were erased.';


create or replace function postbell_private.continue_erasures() returns void
language plpgsql
-- Must not depend on the planner settings of the session.
set enable_seqscan = on
set enable_hashjoin = on
as $$
declare
    -- Events wait for it. Each part does one thing at least, however long that takes.
    v_short constant interval := '50 milliseconds';
    v_long constant interval := '100 milliseconds';
    v_until timestamptz := clock_timestamp() + v_short;
    v_free uuid[];
    v_who postbell_private.open_erasure;
begin
    -- An application that erases somebody again, or forgives them, holds the row until it commits.
    v_free := array(select erasure_id from postbell_private.open_erasure order by erasure_id for update skip locked);
    if cardinality(v_free) = 0 then
        return;
    end if;
    insert into postbell_private.erasure_scan default values on conflict do nothing;
    perform from postbell_private.erasure_scan for update;

    -- After a restore into another cluster the transaction is none of this one.
    update postbell_private.open_erasure set awaits = null
    where erasure_id = any(v_free)
      and awaits > pg_snapshot_xmax(pg_current_snapshot());
    for v_who in
        select * from postbell_private.open_erasure where erasure_id = any(v_free) and awaits is null order by erasure_id
    loop
        perform postbell_private.erase_leftovers(v_who);
        update postbell_private.open_erasure set awaits = pg_snapshot_xmax(pg_current_snapshot())
        where erasure_id = v_who.erasure_id;
        exit when clock_timestamp() > v_until;
    end loop;

    if not exists (select from postbell_private.scanned_erasures()) then
        update postbell_private.open_erasure set scan_began_at = clock_timestamp()
        where erasure_id = any(v_free)
          and scanned_at is null
          and awaits <= pg_snapshot_xmin((postbell_private.current_step()).snapshot);
    end if;
    v_until := clock_timestamp() + v_long;
    while exists (select from postbell_private.scanned_erasures())
        and not exists (select from postbell_private.scanned_erasures() where erasure_id <> all(v_free))
    loop
        if not postbell_private.scan_portion() then
            update postbell_private.open_erasure set scanned_at = clock_timestamp()
            where erasure_id = any(v_free)
              and scan_began_at is not null
              and scanned_at is null;
        end if;
        exit when clock_timestamp() > v_until;
    end loop;

    v_until := clock_timestamp() + v_short;
    for v_who in
        select * from postbell_private.open_erasure where erasure_id = any(v_free) and scanned_at is not null order by scanned_at, erasure_id
    loop
        perform postbell_private.erase_leftovers(v_who);
        perform postbell_private.erase_mentions(v_who);
        if postbell_private.is_anything_left(v_who) then
            -- Behind the others.
            update postbell_private.open_erasure set scanned_at = clock_timestamp()
            where erasure_id = v_who.erasure_id;
        else
            update postbell.erasure set completed_at = postbell.clock()
            where id = v_who.erasure_id;
            perform postbell_private.close_erasure(v_who.erasure_id);
        end if;
        exit when clock_timestamp() > v_until;
    end loop;
end
$$;

comment on function postbell_private.continue_erasures() is
    'Looks for what is left of erased persons, as long as a round of housekeeping may take, and completes the erasures of whom nothing is left.';
