create or replace function postbell.ladder(
    is_actor boolean,
    event_is_disabled boolean, tenant_event_is_disabled boolean,
    channel_is_disabled boolean, has_template boolean,
    is_unknown boolean, is_erased boolean, has_address boolean,
    is_suppressed boolean,
    is_forced boolean,
    is_off boolean,
    is_muted boolean,
    is_quiet boolean, is_critical boolean
) returns table (rung smallint, reason text)
language sql immutable parallel safe
as $$
    select (judged.verdict).rung, (judged.verdict).reason
    from (select case
        when is_actor then row(0, 'actor')::postbell.verdict
        when event_is_disabled then row(1, 'event_disabled')::postbell.verdict
        when tenant_event_is_disabled then row(1, 'tenant_event_disabled')::postbell.verdict
        when channel_is_disabled then row(2, 'channel_disabled')::postbell.verdict
        when not has_template then row(2, 'no_template')::postbell.verdict
        when is_unknown then row(3, 'recipient_unknown')::postbell.verdict
        when is_erased then row(3, 'recipient_erased')::postbell.verdict
        when not has_address then row(3, 'no_address')::postbell.verdict
        when is_suppressed then row(4, 'address_suppressed')::postbell.verdict
        when is_forced then row(5, 'forced')::postbell.verdict
        when is_off then row(6, 'switched_off')::postbell.verdict
        when is_muted then row(7, 'muted')::postbell.verdict
        when is_quiet and not is_critical then row(10, 'quiet_hours')::postbell.verdict
        else row(11, 'wanted')::postbell.verdict
    end as verdict) as judged
$$;

comment on function postbell.ladder is
    'The first rung that applies decides. A channel climbs: exists, usable, reachable, allowed by the address, forced, chosen, not muted, not quiet. A table, so that set-based callers get it inlined.';
