create or replace function postbell.be_strict() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_fault record;
begin
    select reason, detail into v_fault
    from postbell.fault_in(
        tenant_id => new.tenant_id, event => new.event, recipient => new.recipient,
        payload => new.payload, audience => new.audience,
        channels => new.channels, forced_channels => new.forced_channels, priority => new.priority,
        subject => new.subject, actor => new.actor, idempotency_key => new.idempotency_key,
        deliver_at => new.deliver_at, expires_at => new.expires_at
    );
    if found then
        perform postbell.raise_error(v_fault.reason, v_fault.detail);
    end if;
    return null;
end
$$;

comment on function postbell.be_strict() is 'Raises at the INSERT what the router would otherwise reject later.';

create or replace trigger be_strict
after insert on postbell.outbox
for each row
when (current_setting('postbell.strict', true) = 'on')
execute function postbell.be_strict();

comment on trigger be_strict on postbell.outbox is 'For development and tests: set postbell.strict = on.';
