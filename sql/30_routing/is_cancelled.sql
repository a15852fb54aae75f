create or replace function postbell.is_cancelled(
    outbox_id bigint, tenant_id text, subject text, xid xid8, created_at timestamptz
) returns table (is_cancelled boolean)
language sql stable
as $$
    select
        exists (
            select
            from postbell.cancellation as tombstone
            where tombstone.outbox_id = is_cancelled.outbox_id
        )
        or (
            is_cancelled.subject is not null
            and exists (
                select
                from postbell.cancellation as tombstone
                where tombstone.subject = is_cancelled.subject
                  and tombstone.tenant_id = is_cancelled.tenant_id
                  -- Earlier is what the canceller saw, and what its own transaction had written by then.
                  and (
                      pg_visible_in_snapshot(is_cancelled.xid, tombstone.snapshot)
                      and is_cancelled.xid <> tombstone.xid
                      or is_cancelled.xid = tombstone.xid and is_cancelled.created_at <= tombstone.cancelled_at
                  )
            )
        )
$$;

comment on function postbell.is_cancelled is 'Whether a tombstone covers the event. A table, so that set-based callers get it inlined.';
