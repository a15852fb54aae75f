create or replace function postbell_private.current_step() returns postbell_private.router_step
language plpgsql stable
as $$
declare
    v_step postbell_private.router_step;
begin
    select * into strict v_step
    from postbell_private.router_step
    order by step desc
    limit 1;

    -- Transaction ids only grow. If they went back, the step was written in another cluster.
    if pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(v_step.snapshot) then
        perform postbell.raise_error('foreign_cluster', 'transaction ids have gone back since the last routed event');
    end if;
    return v_step;
end
$$;

comment on function postbell_private.current_step() is 'Returns the router''s latest step. Raises foreign_cluster after a restore into another cluster.';


create or replace function postbell_private.committed_late(
    since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer
) returns setof postbell.outbox
-- Not in language sql: mostly nothing was in progress, and the plan of 16 partitions would be set up with each caller's.
language plpgsql stable
as $$
begin
    if not exists (select from pg_snapshot_xip(committed_late.since)) then
        return;
    end if;
    return query
    select emitted.*
    from pg_snapshot_xip(committed_late.since) as was_open (xid)
    cross join lateral (
        select *
        from postbell.outbox as e
        where e.xid = was_open.xid
          and e.id > case when was_open.xid = committed_late.after_xid then committed_late.after_id else 0 end
        order by e.id
        limit committed_late.most
    ) as emitted
    where was_open.xid >= committed_late.after_xid
      and pg_visible_in_snapshot(was_open.xid, committed_late.until)
    order by emitted.xid, emitted.id
    limit committed_late.most;
end
$$;

comment on function postbell_private.committed_late is
    'Returns the next events, after a position, of transactions that were in progress at one snapshot and are committed at the next.';


create or replace function postbell_private.committed_between(
    since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer
) returns setof postbell.outbox
language sql stable
as $$
    select e.*
    from (
        select *
        from postbell_private.committed_late(
            committed_between.since, committed_between.until, committed_between.after_xid, committed_between.after_id,
            committed_between.most
        )

        union all
        -- Transactions that began since. One lower bound and not two: with several, an index scan may start at any of
        -- them, even at the beginning of the outbox.
        (
            select *
            from postbell.outbox
            where (xid, id) > (
                    greatest(pg_snapshot_xmax(committed_between.since), committed_between.after_xid),
                    case
                        when committed_between.after_xid >= pg_snapshot_xmax(committed_between.since)
                            then committed_between.after_id
                        else 0
                    end
                )
              and xid < pg_snapshot_xmax(committed_between.until)
              and pg_visible_in_snapshot(xid, committed_between.until)
            order by xid, id
            limit committed_between.most
        )
    ) as e
    order by e.xid, e.id
    limit committed_between.most
$$;

comment on function postbell_private.committed_between is
    'Returns the next events, after a position, whose transactions committed between two snapshots. Events of a transaction in progress follow when it commits; they delay no others.';


create or replace function postbell_private.check_cluster() returns void
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if (postbell_private.current_step()).system_identifier <> (select system_identifier from pg_control_system()) then
        perform postbell.raise_error('foreign_cluster', 'the last events were routed in a cluster with another system identifier');
    end if;
end
$$;

comment on function postbell_private.check_cluster() is 'Raises foreign_cluster if the database was restored from another cluster, or upgraded with pg_upgrade, which makes a new cluster. With the transaction ids of another cluster the router would lose events. A router calls it when it becomes leader.';


create or replace function postbell_private.acquire_leadership() returns void
language sql
begin atomic
    select pg_advisory_lock(1886351214, 2);
end;

comment on function postbell_private.acquire_leadership() is 'Waits until no other session is the leading router, then makes this session the leader until it ends.';


create or replace function postbell.leader(out process_id integer, out is_asleep boolean)
language sql stable
as $$
    select
        (
            select pid
            from pg_locks
            where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())
              and (classid, objid, objsubid, granted) = (1886351214, 2, 2, true)
        ),
        exists (
            select
            from pg_locks
            where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())
              and (classid, objid, objsubid, granted) = (1886351214, 1, 2, true)
              and mode = 'ExclusiveLock'
        )
$$;

comment on function postbell.leader() is 'Returns the process id of the leading router, as in pg_stat_activity (null if there is none), and whether the router sleeps.';


create or replace function postbell_private.acquire_sleep_lock() returns boolean
language sql
-- Never waits for the lock: a queued exclusive request would make every later producer notify.
return pg_try_advisory_lock(1886351214, 1);

comment on function postbell_private.acquire_sleep_lock() is
    'Takes the lock of a sleeping router, so that producers notify from now on. Returns false while a producer that need not notify has not committed. After it, the router must look for events once more before it waits.';


create or replace function postbell_private.release_sleep_lock() returns boolean
language sql
return pg_advisory_unlock(1886351214, 1);

comment on function postbell_private.release_sleep_lock() is 'Releases the lock of a sleeping router, so that producers need not notify.';


create or replace function postbell_private.pending_work(
    out has_events boolean, out due_in interval, out has_fanout boolean, out has_cancellations boolean
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_step constant postbell_private.router_step := postbell_private.current_step();
    v_now constant pg_snapshot := pg_current_snapshot();
begin
    has_events := v_step.window_snapshot is not null
        or v_now::text <> v_step.snapshot::text
        and exists (select from postbell_private.committed_between(v_step.snapshot, v_now, '0', 0, 1));

    due_in := least(
        (select due_at from postbell.scheduled_notification order by due_at limit 1),
        (select due_at from postbell.waiting_delivery order by due_at limit 1)
    ) - postbell.clock();

    has_fanout := exists (select from postbell.fanout);
    has_cancellations := exists (select from postbell_private.cancellation where applied_at is null);
end
$$;

comment on function postbell_private.pending_work() is
    'Returns what the router has to do: whether there are new events, how long until something that waits is due (null if nothing waits), whether a large audience is being fanned out, and whether there are cancellations for postbell_private.take_back_items(). It only reads.';


create or replace function postbell.reset_router() returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_former postbell_private.router_step;
    v_before pg_snapshot := pg_current_snapshot();
    v_own xid8 := pg_current_xact_id();
    v_emitted_again bigint;
begin
    -- No producer may have an uncommitted INSERT while the transaction ids are replaced.
    lock table postbell.outbox, postbell_private.cancellation in share row exclusive mode;

    select * into strict v_former
    from postbell_private.router_step
    order by step desc
    limit 1;

    -- A cancellation by subject compares old transaction ids. It is replaced by one for each event that it covers.
    insert into postbell_private.cancellation (outbox_id, last_delivery_id, applied_at)
    select
        e.id,
        (select min(last_delivery_id) from postbell_private.cancellation where applied_at is null),
        (select now() where not exists (select from postbell_private.cancellation where applied_at is null))
    from (
        select id, tenant_id, subject, xid, created_at
        from postbell_private.notification
        union
        select id, tenant_id, subject, xid, created_at
        from postbell.outbox
    ) as e
    cross join lateral postbell_private.is_cancelled(e.id, e.tenant_id, e.subject, e.xid, e.created_at) as cancellation
    where e.subject in (select subject from postbell_private.cancellation)
      and cancellation.is_cancelled;
    delete from postbell_private.cancellation
    where subject is not null;

    -- Transaction ids of another cluster must not stay in the outbox: they would recur as new ones. Routed events are in
    -- one of three tables; the others are inserted again, with transaction ids of this cluster.
    with former as (
        delete from postbell.outbox
        returning *
    )
    insert into postbell.outbox (
        id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority,
        subject, actor, idempotency_key, deliver_at, expires_at, created_at
    )
    select
        id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority,
        subject, actor, idempotency_key, deliver_at, expires_at, created_at
    from former
    where not exists (select from postbell_private.notification as n where n.id = former.id)
      and not exists (select from postbell.rejected_event as r where r.outbox_id = former.id)
      and not exists (select from postbell_private.duplicate_event as d where d.outbox_id = former.id);
    get diagnostics v_emitted_again = row_count;

    -- What was filled before is routed.
    update postbell_private.leaf set filled_before = '0'
    where filled_before is not null;

    -- Positions of open streams are no longer valid. Clients load the present state.
    delete from postbell_private.stream_event;
    delete from postbell_private.stream_truncation;
    delete from postbell_private.stream_epoch;

    -- The new snapshot covers everything but this transaction, which is yet to commit.
    insert into postbell_private.router_step (step, snapshot, system_identifier)
    select
        v_former.step + 1,
        format('%s:%s:%s', least(pg_snapshot_xmin(v_before)::text::bigint, v_own::text::bigint),
            greatest(pg_snapshot_xmax(v_before)::text::bigint, v_own::text::bigint + 1),
            (
                select string_agg(open::text, ',' order by open)
                from (
                    select xip::text::bigint as open
                    from pg_snapshot_xip(v_before) as xip
                    union
                    -- Transactions that began after the snapshot and before this one got its id are not routed either.
                    select generate_series(pg_snapshot_xmax(v_before)::text::bigint, v_own::text::bigint)
                    union
                    select v_own::text::bigint
                ) as all_open
            ))::pg_snapshot,
        system_identifier
    from pg_control_system();

    return v_emitted_again;
end
$$;

comment on function postbell.reset_router() is
    'Resets the router after a restore into another cluster, or after pg_upgrade. It discards the old cluster''s transaction ids and emits unrouted events again, with the same ids. Returns how many were emitted again. Call it before producers write again.';
