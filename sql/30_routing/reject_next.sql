create or replace function postbell.reject_next(
    step postbell.router_step, window_snapshot pg_snapshot, code text, message text,
    out routed integer, out last_xid xid8, out last_id bigint
)
language plpgsql
as $$
#variable_conflict use_column
begin
    -- What was said is in PostgreSQL's words. Nothing is read from the row that made it stumble but short names.
    insert into postbell.rejected_event (outbox_id, tenant_id, event, recipient, reason, detail, created_at)
    select
        emitted.id, left(emitted.tenant_id, 255), left(emitted.event, 255), left(emitted.recipient, 255),
        'unreadable_event', left(code || ': ' || message, 1000), emitted.created_at
    from postbell.committed_between(
        (step).snapshot, window_snapshot, coalesce((step).position_xid, '0'), coalesce((step).position_id, 0), 1
    ) as emitted;

    select 1, emitted.xid, emitted.id
    into strict routed, last_xid, last_id
    from postbell.committed_between(
        (step).snapshot, window_snapshot, coalesce((step).position_xid, '0'), coalesce((step).position_id, 0), 1
    ) as emitted;
end
$$;

comment on function postbell.reject_next is 'Rejects the one event that could not be routed, with its SQLSTATE, so that those behind it can be.';
