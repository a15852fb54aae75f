create or replace function postbell.stream_missed(
    recipient text, since pg_snapshot, until pg_snapshot, most integer, tenant_id text default 'default'
) returns table (xid xid8, id bigint, frame json)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select e.xid, e.id, e.frame
    from postbell.stream_event as e
    where e.recipient_id = stream_missed.recipient
      and e.tenant_id = stream_missed.tenant_id
      and e.xid >= pg_snapshot_xmin(stream_missed.since)
      and not pg_visible_in_snapshot(e.xid, stream_missed.since)
      and pg_visible_in_snapshot(e.xid, stream_missed.until)
    order by e.xid, e.id
    limit stream_missed.most
$$;

comment on function postbell.stream_missed is
    'The notifications that one person was sent between two snapshots. Ask is_stream_kept() afterwards whether these were all.';
