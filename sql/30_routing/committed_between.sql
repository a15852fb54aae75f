create or replace function postbell.committed_between(
    since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer
) returns setof postbell.outbox
language sql stable
as $$
    select e.*
    from (
        -- Transactions that were still open at the former snapshot.
        (
            select *
            from postbell.outbox
            where exists (select from pg_snapshot_xip(committed_between.since))
              and xid = any(array(select pg_snapshot_xip(committed_between.since)))
              and pg_visible_in_snapshot(xid, committed_between.until)
              and (xid, id) > (committed_between.after_xid, committed_between.after_id)
            order by xid, id
            limit committed_between.most
        )
        union all
        -- Transactions that began since.
        (
            select *
            from postbell.outbox
            where xid >= pg_snapshot_xmax(committed_between.since)
              and xid < pg_snapshot_xmax(committed_between.until)
              and pg_visible_in_snapshot(xid, committed_between.until)
              and (xid, id) > (committed_between.after_xid, committed_between.after_id)
            order by xid, id
            limit committed_between.most
        )
    ) as e
    order by e.xid, e.id
    limit committed_between.most
$$;

comment on function postbell.committed_between is
    'The next events, after a position, whose transactions committed between two snapshots. An open transaction is found when it commits and holds up nobody.';
