create or replace function postbell.undecided_event(outbox_id bigint) returns postbell.outbox
language plpgsql stable
as $$
#variable_conflict use_column
declare
    v_event postbell.outbox;
begin
    -- Accepted, but waiting for its time or its turn.
    select
        n.id, n.tenant_id, n.event, n.recipient, n.payload, n.audience, n.channels, n.forced_channels, n.priority,
        n.subject, n.actor, n.deliver_at, n.expires_at
    into
        v_event.id, v_event.tenant_id, v_event.event, v_event.recipient, v_event.payload, v_event.audience,
        v_event.channels, v_event.forced_channels, v_event.priority,
        v_event.subject, v_event.actor, v_event.deliver_at, v_event.expires_at
    from postbell.notification as n
    cross join lateral postbell.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as tombstone
    where n.id = undecided_event.outbox_id
      and not tombstone.is_cancelled
      and (
          exists (select from postbell.scheduled_notification as s where s.notification_id = n.id)
          or exists (select from postbell.fanout as f where f.notification_id = n.id)
      );

    -- Or not routed: then it is among the latest transactions of the log.
    if not found then
        select e.* into v_event
        from postbell.outbox as e
        cross join lateral postbell.is_cancelled(e.id, e.tenant_id, e.subject, e.xid, e.created_at) as tombstone
        where not tombstone.is_cancelled
          and e.id = undecided_event.outbox_id
          and e.xid >= (select pg_snapshot_xmin(step.snapshot) from postbell.current_step() as step)
          and not exists (select from postbell.notification as n where n.id = undecided_event.outbox_id)
          and not exists (select from postbell.rejected_event as r where r.outbox_id = undecided_event.outbox_id)
          and not exists (select from postbell.duplicate_event as d where d.outbox_id = undecided_event.outbox_id);
    end if;
    return v_event;
end
$$;

comment on function postbell.undecided_event(bigint) is 'An event about which something is still to be decided; a row of nulls if there is none of this id.';
