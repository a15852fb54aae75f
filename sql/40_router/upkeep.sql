create or replace function postbell_private.advance_step() returns void
language plpgsql
as $$
declare
    v_step postbell_private.router_step := postbell_private.current_step();
    v_now pg_snapshot := pg_current_snapshot();
begin
    -- Without new events the snapshot grows old, and partitions of the ring could not be truncated.
    if v_step.window_snapshot is null
        and not exists (select from postbell_private.committed_between(v_step.snapshot, v_now, '0', 0, 1)) then
        insert into postbell_private.router_step (step, snapshot, system_identifier)
        values (v_step.step + 1, v_now, v_step.system_identifier)
        on conflict (step) do nothing;
    end if;

    delete from postbell_private.router_step
    where step < v_step.step - 1000;
end
$$;

comment on function postbell_private.advance_step() is 'Advances the router''s snapshot when there are no new events, and deletes old steps.';


create or replace function postbell_private.forget_jobs() returns void
language sql
-- The queue's history has less than the delivery log, and would grow for ever.
as $$
    delete from postbell_queue.pgqueuer_log
    where created < clock_timestamp() - interval '1 hour'
$$;

comment on function postbell_private.forget_jobs() is 'Deletes the queue''s history that is older than an hour.';


create or replace function postbell_private.tidy_up() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_part text;
begin
    foreach v_part in array array[
        'advance_step', 'keep_leaves', 'forget_jobs', 'settle_unknown', 'forget_sessions', 'match_receipts', 'truncate_stream',
        'upsert_awaited', 'continue_erasures'
    ] loop
        begin
            execute format('select postbell_private.%I()', v_part);
        exception
            -- A part that fails is done the next time; the others are done now.
            when others then
                -- Errors of Postbell, such as foreign_cluster, are for the router.
                if sqlstate like 'PB%' then
                    raise;
                end if;
                raise warning 'housekeeping: % failed: %: %', v_part, sqlstate, sqlerrm;
        end;
    end loop;
end
$$;

comment on function postbell_private.tidy_up() is
    'Runs the router''s housekeeping, every half minute. A part that fails is skipped with a warning until the next time.';


create or replace function postbell_private.analyze_grown_tables() returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_table record;
    v_analyzed integer := 0;
begin
    for v_table in
        select c.oid::regclass as name
        from pg_class as c
        where c.relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
          and c.relkind = 'r'
          and (
              c.relname in (
                  'open_delivery', 'batch', 'waiting_delivery',
                  'recipient', 'preference', 'mute', 'quiet_hours', 'suppression', 'topic_member', 'recipient_role'
              )
              or c.oid in (select inhrelid from pg_inherits join postbell_private.leaf_tables on inhparent = parent)
          )
          -- More than twice as large as at its last ANALYZE, and larger than 32 pages.
          and pg_relation_size(c.oid) > greatest(2 * c.relpages, 32) * current_setting('block_size')::bigint
    loop
        begin
            execute format('analyze (skip_locked) %s', v_table.name);
            v_analyzed := v_analyzed + 1;
        exception
            when others then
                raise warning 'housekeeping: % cannot be analyzed: %: %', v_table.name, sqlstate, sqlerrm;
        end;
    end loop;
    return v_analyzed;
end
$$;

comment on function postbell_private.analyze_grown_tables() is
    'Analyzes tables that have doubled in size, and returns how many. Autovacuum may take a minute, during which plans made for a hundred rows would be used for a hundred thousand.';


create or replace function postbell_private.analyze_parent() returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_table constant regclass := (
        select parent
        from (
            select parent from postbell_private.leaf_tables
            union all
            select 'postbell.delivery'::regclass
        ) as listed
        where coalesce(pg_stat_get_last_analyze_time(parent), '-infinity') < clock_timestamp() - interval '1 day'
        order by parent
        limit 1
    );
begin
    if v_table is null then
        return false;
    end if;
    execute format(
        'analyze (skip_locked) %s %s',
        -- Autovacuum analyzes the leaves.
        case when current_setting('server_version_num')::integer >= 180000 then 'only' end, v_table
    );
    return true;
end
$$;

comment on function postbell_private.analyze_parent() is
    'Analyzes one of the partitioned tables, each once a day, which autovacuum does not. Returns false if none is due. It may take seconds, and no leaf can be made meanwhile.';


create or replace function postbell.check_names(since timestamptz)
returns table (what text, name text, events bigint, last_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select known.what, left(known.name, 100), count(*), max(rejected_at)
    from postbell.rejected_event as rejected
    cross join lateral (
        select 'tenant' as what, rejected.tenant_id as name
        where rejected.reason = 'unknown_tenant'
          and not exists (select from postbell.tenant where id = rejected.tenant_id)

        union all

        select 'event', rejected.event
        where rejected.reason = 'unknown_event'
          and not exists (select from postbell.event_type where key = rejected.event)
    ) as known
    where rejected_at > check_names.since
    group by 1, 2
    order by 3 desc, 1, 2
    limit 20
$$;

comment on function postbell.check_names(timestamptz) is
    'Lists unknown tenants and events that were named by events rejected since a time; the 20 most frequent.';
