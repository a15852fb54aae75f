create or replace function postbell.is_stream_kept(since pg_snapshot) returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select not exists (
        select
        from postbell.stream_truncation
        where last_xid >= pg_snapshot_xmin(is_stream_kept.since)
    )
$$;

comment on function postbell.is_stream_kept(pg_snapshot) is
    'Whether all that was told since a snapshot is still in the ring. Where a transaction was open for very long the answer may be no without need.';
