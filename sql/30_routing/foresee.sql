create or replace function postbell.foresee(event postbell.outbox)
returns table (recipient_id text, channel text, decision text, rung smallint, reason text, due_at timestamptz)
language plpgsql stable
as $$
#variable_conflict use_column
declare
    v_fault record;
begin
    select fault.reason, fault.detail into v_fault
    from postbell.fault_in(
        tenant_id => (event).tenant_id, event => (event).event, recipient => (event).recipient,
        payload => (event).payload, audience => (event).audience,
        channels => (event).channels, forced_channels => (event).forced_channels, priority => (event).priority,
        subject => (event).subject, actor => (event).actor, idempotency_key => (event).idempotency_key,
        deliver_at => (event).deliver_at, expires_at => (event).expires_at
    ) as fault;
    if v_fault.reason is not null and v_fault.reason <> 'unknown_recipient' then
        return query select left((event).recipient, 255), null::text, 'no', 0::smallint, v_fault.reason, null::timestamptz;
        return;
    end if;

    return query
    select decided.recipient_id, decided.channel, decided.decision, decided.rung, decided.reason, decided.due_at
    from postbell.decide(array(
        select row(
            (event).id, (event).tenant_id, (event).event, member.recipient_id,
            (event).actor, ((event).audience -> 'notify_actor')::boolean,
            (event).channels, (event).forced_channels, (event).priority, (event).subject,
            (event).deliver_at, (event).expires_at, (event).created_at
        )::postbell.candidate
        from postbell.members_of((event).tenant_id, nullif((event).recipient, ''), (event).audience, '', null) as member
    )) as decided
    order by decided.recipient_id, decided.channel;
    if not found then
        return query select nullif((event).recipient, ''), null::text, 'no', 0::smallint, 'told_nobody', null::timestamptz;
    end if;
end
$$;

comment on function postbell.foresee(postbell.outbox) is 'What would be decided about an event; asked of the same functions that the router uses.';
