create or replace function postbell.committed_between(
    since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer
) returns setof postbell.outbox
language sql stable
as $$
    select e.*
    from (
        -- Transactions that were still open at the former snapshot.
        (
            select emitted.*
            from pg_snapshot_xip(committed_between.since) as was_open (xid)
            cross join lateral (
                select *
                from postbell.outbox
                where xid = was_open.xid
                  and id > case when was_open.xid = committed_between.after_xid then committed_between.after_id else 0 end
                order by id
                limit committed_between.most
            ) as emitted
            where was_open.xid >= committed_between.after_xid
              and pg_visible_in_snapshot(was_open.xid, committed_between.until)
            order by emitted.xid, emitted.id
            limit committed_between.most
        )
        union all
        -- Transactions that began since. One lower bound, not two: an index scan starts at any of several, and
        -- might start at the beginning of the log.
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

comment on function postbell.committed_between is
    'The next events, after a position, whose transactions committed between two snapshots. An open transaction is found when it commits and holds up nobody.';
