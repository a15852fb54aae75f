create or replace function postbell.is_switched_off(
    tenant_id text, recipient_id text, channel text, category text, event text
) returns table (is_off boolean)
language sql stable
as $$
    select exists (
        select
        from postbell.preference as choice
        where choice.tenant_id = is_switched_off.tenant_id
          and choice.recipient_id = is_switched_off.recipient_id
          and not choice.enabled
          and (choice.channel is null or choice.channel = is_switched_off.channel)
          and (choice.category is null or choice.category = is_switched_off.category)
          and (choice.event is null or choice.event = is_switched_off.event)
    )
$$;

comment on function postbell.is_switched_off is 'Whether any explicit off covers the case. A table, so that set-based callers get it inlined.';
