create or replace function postbell.reset_router() returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_former postbell.router_step;
    v_before pg_snapshot := pg_current_snapshot();
    v_own xid8 := pg_current_xact_id();
    v_emitted_again bigint;
begin
    -- No producer may be between an INSERT and its commit while the old numbering ends.
    lock table postbell.outbox, postbell.cancellation in share row exclusive mode;

    select * into strict v_former
    from postbell.router_step
    order by step desc
    limit 1;

    -- Tombstones tell earlier from later by the old ids: from now on each event that they cover has its own.
    insert into postbell.cancellation (outbox_id)
    select e.id
    from (
        select id, tenant_id, subject, xid, created_at
        from postbell.notification
        union
        select id, tenant_id, subject, xid, created_at
        from postbell.outbox
    ) as e
    cross join lateral postbell.is_cancelled(e.id, e.tenant_id, e.subject, e.xid, e.created_at) as tombstone
    where e.subject in (select subject from postbell.cancellation)
      and tombstone.is_cancelled;
    delete from postbell.cancellation
    where subject is not null;

    -- Ids of another cluster must not stay in the log: they would come round as new ones some day. What had been
    -- taken from it is in one of the three tables; the rest is emitted again, in transaction ids of this cluster.
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
    where not exists (select from postbell.notification as n where n.id = former.id)
      and not exists (select from postbell.rejected_event as r where r.outbox_id = former.id)
      and not exists (select from postbell.duplicate_event as d where d.outbox_id = former.id);
    get diagnostics v_emitted_again = row_count;

    -- What open pages were told is told; which of it a page has heard cannot be said any more. It looks anew.
    delete from postbell.stream_event;
    delete from postbell.stream_truncation;
    delete from postbell.stream_epoch;

    -- From here on: everything but this transaction, which is yet to commit.
    insert into postbell.router_step (step, snapshot, system_identifier)
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
                    -- Begun after the snapshot was taken, before our own id: none of them has been routed either.
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
    'After a restore into another cluster, and after pg_upgrade: forgets the old cluster''s transaction ids and emits again, under the same ids, what had not been routed. Returns how many. Run it before producers write again.';
