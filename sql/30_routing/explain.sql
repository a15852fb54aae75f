create or replace function postbell.explain(
    event text,
    recipient text default null,
    payload jsonb default '{}',
    tenant_id text default 'default',
    audience jsonb default null,
    channels text[] default null,
    forced_channels text[] default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null,
    subject text default null,
    actor text default null,
    priority text default null
)
returns table (recipient_id text, channel text, decision text, rung smallint, reason text, due_at timestamptz)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_event postbell.outbox;
begin
    v_event.tenant_id := explain.tenant_id;
    v_event.event := explain.event;
    v_event.recipient := explain.recipient;
    v_event.payload := explain.payload;
    v_event.audience := explain.audience;
    v_event.channels := explain.channels;
    v_event.forced_channels := explain.forced_channels;
    v_event.deliver_at := explain.deliver_at;
    v_event.expires_at := explain.expires_at;
    v_event.subject := explain.subject;
    v_event.actor := explain.actor;
    v_event.priority := explain.priority;

    return query select * from postbell.foresee(v_event);
end
$$;

comment on function postbell.explain(text, text, jsonb, text, jsonb, text[], text[], timestamptz, timestamptz, text, text, text) is
    'What would be decided about an event if it were emitted now: now, later or no for each person and channel, by which rung and why. Nothing is written.';

create or replace function postbell.explain(outbox_id bigint)
returns table (recipient_id text, channel text, decision text, rung smallint, reason text, due_at timestamptz)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_event postbell.outbox;
begin
    -- Decided: what was written down then.
    return query
    select d.recipient_id, d.channel::text, d.decision, d.rung, d.verdict, d.due_at
    from postbell.delivery as d
    where d.notification_id = explain.outbox_id
    order by d.recipient_id, d.channel;

    -- Turned away, repeated, cancelled before anything was decided, or addressed to a role without members.
    return query
    select left(r.recipient, 255), null::text, 'no', 0::smallint, r.reason, null::timestamptz
    from postbell.rejected_event as r
    where r.outbox_id = explain.outbox_id
    union all
    select null, null, 'no', 0::smallint, 'duplicate_of_' || d.first_outbox_id, null
    from postbell.duplicate_event as d
    where d.outbox_id = explain.outbox_id
    union all
    select
        n.recipient, null, 'no', 0::smallint,
        case
            when tombstone.is_cancelled then 'cancelled'
            when not exists (select from postbell.event_type as kind where kind.key = n.event) then 'unknown_event'
            else 'told_nobody'
        end,
        null
    from postbell.notification as n
    cross join lateral postbell.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as tombstone
    where n.id = explain.outbox_id
      and (
          tombstone.is_cancelled
          or not exists (select from postbell.scheduled_notification as s where s.notification_id = n.id)
          and not exists (select from postbell.fanout as f where f.notification_id = n.id)
      )
      and not exists (select from postbell.delivery as d where d.notification_id = n.id)
      and not exists (select from postbell.rejected_event as r where r.outbox_id = n.id);

    -- Not decided yet, for everybody or for a part of the audience: what would be decided now.
    v_event := postbell.undecided_event(explain.outbox_id);
    if v_event.id is not null then
        return query
        select foreseen.*
        from postbell.foresee(v_event) as foreseen
        where not exists (
            select
            from postbell.delivery as d
            where d.notification_id = explain.outbox_id
              and d.recipient_id = foreseen.recipient_id
              and d.channel = foreseen.channel
        )
          and not exists (
              select
              from postbell.rejected_event as r
              where r.outbox_id = explain.outbox_id
                and r.recipient = foreseen.recipient_id
          );
    end if;
end
$$;

comment on function postbell.explain(bigint) is
    'What was decided about an event, or would be if it is not routed yet (in your own transaction too): now, later or no for each person and channel, by which rung and why.';
