create or replace function postbell.is_switched_off(
    tenant_id text, recipient_id text, channel text, category text, event text
) returns table (is_off boolean)
language sql stable
as $$
    select exists (
        select
        from postbell.switched_off_by(
            is_switched_off.tenant_id, is_switched_off.recipient_id,
            is_switched_off.channel, is_switched_off.category, is_switched_off.event
        )
    )
$$;

comment on function postbell.is_switched_off is 'Whether any explicit off covers the case. A table, so that set-based callers get it inlined.';
