create or replace view postbell_private.leaf_tables as
select kind, parent, key, fillfactor
from (values
    ('event', 'postbell_private.notification'::regclass, 'id', 100),
    -- Receipts change deliveries. Free space keeps these updates on their page.
    ('log', 'postbell.finished_delivery'::regclass, 'id', 90),
    ('log', 'postbell.attempt'::regclass, 'delivery_id', 100),
    ('log', 'postbell.receipt'::regclass, 'delivery_id', 100),
    ('inbox', 'postbell.inbox_item'::regclass, 'id', 100)
) as listed (kind, parent, key, fillfactor);

comment on view postbell_private.leaf_tables is 'The tables that consist of leaves, and the column by which each does.';


create or replace function postbell_private.last_id(kind text) returns bigint
language sql
return case last_id.kind
    when 'event' then (select last_value from postbell.outbox_id_seq)
    else (select last_value from postbell.delivery_id_seq)
end;

comment on function postbell_private.last_id(text) is 'Returns the last id that was given to a row of a kind, committed or not.';


create or replace function postbell_private.leaf_duration(kind text) returns interval
language sql stable
return (
    -- A statement locks all leaves that it might read. Those of the log are mostly only written.
    select coalesce(keep, interval '1 year') / case kind when 'log' then 12 else 4 end
    from postbell.retention
    where retention.kind = leaf_duration.kind
);

comment on function postbell_private.leaf_duration(text) is 'Returns how long the ids of one leaf should last.';


create or replace function postbell_private.leaf_name(parent regclass, first_id bigint) returns text
language sql stable
return (
    select format('%I.%I', relnamespace::regnamespace, relname || '_' || leaf_name.first_id)
    from pg_class
    where oid = leaf_name.parent
);

comment on function postbell_private.leaf_name(regclass, bigint) is 'Returns the qualified name of a leaf.';


create or replace function postbell_private.leaf_size(kind text) returns bigint
language plpgsql
as $$
#variable_conflict use_column
declare
    v_least constant bigint := 1048576;
    v_most constant bigint := 1073741824;
    v_since postbell_private.leaf;
    v_rate double precision;
begin
    -- The one before the latest, because the latest may have begun a moment ago.
    select * into v_since
    from (
        select *
        from postbell_private.leaf
        where leaf.kind = leaf_size.kind
          and began_at < postbell.clock()
        order by first_id desc
        limit 2
    ) as latest
    order by first_id
    limit 1;
    if not found then
        return v_least;
    end if;

    v_rate := (postbell_private.last_id(leaf_size.kind) - v_since.first_id)
        / greatest(extract(epoch from postbell.clock() - v_since.began_at), 60);
    return least(greatest(v_rate * extract(epoch from postbell_private.leaf_duration(leaf_size.kind)), v_least), v_most);
end
$$;

comment on function postbell_private.leaf_size(text) is
    'Returns how many ids the next leaf should hold, by the rate at which ids were used lately; a million at least.';


create or replace function postbell_private.make_leaf(kind text, first_id bigint, end_id bigint) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_table record;
    v_leaf text;
begin
    insert into postbell_private.leaf (kind, first_id, end_id, cleaned_to)
    values (make_leaf.kind, make_leaf.first_id, make_leaf.end_id, make_leaf.first_id);
    for v_table in
        select * from postbell_private.leaf_tables where leaf_tables.kind = make_leaf.kind
    loop
        v_leaf := postbell_private.leaf_name(v_table.parent, make_leaf.first_id);
        -- Made alone and attached: PARTITION OF would wait for everybody who reads the table.
        execute format(
            'create table %s (like %s including all excluding comments) with (fillfactor = %s)',
            v_leaf, v_table.parent, v_table.fillfactor
        );
        execute format('comment on table %s is %L', v_leaf, format('A leaf of %s.', v_table.parent));
        execute format(
            'alter table %s attach partition %s for values from (%s) to (%s)',
            v_table.parent, v_leaf, make_leaf.first_id, make_leaf.end_id
        );
    end loop;
end
$$;

comment on function postbell_private.make_leaf(text, bigint, bigint) is 'Makes a leaf of each table of a kind.';


create or replace function postbell_private.make_leaves() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_spare constant integer := 2;
    v_kind text;
    v_last bigint;
    v_end bigint;
begin
    foreach v_kind in array array['event', 'log', 'inbox'] loop
        v_last := postbell_private.last_id(v_kind);
        continue when v_spare <= (select count(*) from postbell_private.leaf where kind = v_kind and first_id > v_last);
        -- One makes them. Usually nothing is missing, and nobody is waited for.
        perform pg_advisory_xact_lock(1886351214, 5);
        v_end := coalesce((select max(end_id) from postbell_private.leaf where kind = v_kind), 1);
        -- Ids that were skipped, as after setval(), need no leaf of their own.
        while v_end <= v_last
            or v_spare > (select count(*) from postbell_private.leaf where kind = v_kind and first_id > v_last)
        loop
            perform postbell_private.make_leaf(v_kind, v_end, greatest(v_end, v_last) + postbell_private.leaf_size(v_kind));
            v_end := (select max(end_id) from postbell_private.leaf where kind = v_kind);
        end loop;
    end loop;
end
$$;

comment on function postbell_private.make_leaves() is
    'Makes leaves ahead of the ids, so that two are always empty. Readers and writers of the tables are not waited for.';


create or replace function postbell_private.require_leaves() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- More than any chunk of the router's takes.
    v_room constant bigint := 100000;
begin
    -- Usually housekeeping has made them long ago.
    if exists (
        select
        from unnest(array['event', 'log', 'inbox']) as wanted (kind)
        left join lateral (
            select end_id
            from postbell_private.leaf
            where leaf.kind = wanted.kind
            order by first_id desc
            limit 1
        ) as latest on true
        where coalesce(latest.end_id, 0) < postbell_private.last_id(wanted.kind) + v_room
    ) then
        perform postbell_private.make_leaves();
    end if;
end
$$;

comment on function postbell_private.require_leaves() is
    'Makes leaves if the ids have reached the last one, such as after housekeeping has failed for long. The router calls it before it writes.';


create or replace function postbell_private.keep_leaves() returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    update postbell_private.leaf set
        began_at = postbell.clock()
    where began_at is null
      and first_id <= postbell_private.last_id(kind);
    update postbell_private.leaf set
        filled_at = postbell.clock(),
        filled_before = pg_snapshot_xmax(pg_current_snapshot())
    where filled_at is null
      and end_id <= postbell_private.last_id(kind);
    update postbell_private.leaf as own set
        used_at = postbell.clock()
    where filled_at is not null
      and used_at > postbell.clock() - interval '1 day' is not true
      and postbell_private.is_leaf_in_use(own);
    perform postbell_private.make_leaves();
end
$$;

comment on function postbell_private.keep_leaves() is 'Notes which leaves are begun, filled and in use, and makes new ones.';
