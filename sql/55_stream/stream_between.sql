create or replace function postbell.stream_between(
    since pg_snapshot, until pg_snapshot, after_xid xid8 default '0', after_id bigint default 0, most integer default 1000
) returns setof postbell.stream_event
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select e.*
    from (
        -- Transactions that were still open at the former snapshot.
        (
            select written.*
            from pg_snapshot_xip(stream_between.since) as was_open (xid)
            cross join lateral (
                select *
                from postbell.stream_event
                where xid = was_open.xid
                  and id > case when was_open.xid = stream_between.after_xid then stream_between.after_id else 0 end
                order by id
                limit stream_between.most
            ) as written
            where was_open.xid >= stream_between.after_xid
              and pg_visible_in_snapshot(was_open.xid, stream_between.until)
            order by written.xid, written.id
            limit stream_between.most
        )
        union all
        -- Transactions that began since.
        (
            select *
            from postbell.stream_event
            where (xid, id) > (
                    greatest(pg_snapshot_xmax(stream_between.since), stream_between.after_xid),
                    case
                        when stream_between.after_xid >= pg_snapshot_xmax(stream_between.since)
                            then stream_between.after_id
                        else 0
                    end
                )
              and xid < pg_snapshot_xmax(stream_between.until)
              and pg_visible_in_snapshot(xid, stream_between.until)
            order by xid, id
            limit stream_between.most
        )
    ) as e
    order by e.xid, e.id
    limit stream_between.most
$$;

comment on function postbell.stream_between is
    'What was told between two snapshots, after a position, to everybody. What an open transaction tells is found when it commits, and holds up nothing.';
