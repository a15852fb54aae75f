create or replace function postbell.switch_on_only(
    recipient text,
    channel text,
    category text default null,
    event text default null,
    tenant_id text default 'default'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- An event's own: what is off for it may have been chosen for all of them.
    v_category constant text := coalesce(
        switch_on_only.category, (select category from postbell.event_type where key = switch_on_only.event)
    );
    v_off record;
begin
    for v_off in
        select off_channel, off_category, off_event
        from postbell.switched_off_by(
            switch_on_only.tenant_id, switch_on_only.recipient, switch_on_only.channel, v_category, switch_on_only.event
        )
        -- An off of just this event on this channel is switch_channel()'s.
        where off_event is null or off_channel is null
    loop
        perform postbell.set_preference(
            recipient => switch_on_only.recipient, enabled => null, channel => v_off.off_channel,
            category => v_off.off_category, event => v_off.off_event, tenant_id => switch_on_only.tenant_id
        );
        perform postbell.set_preference(
            recipient => switch_on_only.recipient, enabled => false, channel => rest.channel,
            category => rest.category, event => rest.event, tenant_id => switch_on_only.tenant_id
        )
        from (
            select other.channel, v_off.off_category, v_off.off_event
            from unnest(array['in_app', 'email', 'sms', 'push', 'sse']) as other (channel)
            where v_off.off_channel is null
              and other.channel <> switch_on_only.channel

            union all

            select distinct switch_on_only.channel, kind.category, null
            from postbell.event_type as kind
            where v_off.off_category is null
              and v_off.off_event is null
              and kind.category <> v_category

            union all

            select switch_on_only.channel, null, kind.key
            from postbell.event_type as kind
            where v_off.off_event is null
              and kind.category = v_category
              and kind.key <> switch_on_only.event
              and switch_on_only.channel = any(kind.channels)
        ) as rest (channel, category, event);
    end loop;

    if num_nonnulls(switch_on_only.category, switch_on_only.event) = 0 then
        perform postbell.set_preference(
            recipient => switch_on_only.recipient, enabled => null, channel => switch_on_only.channel,
            tenant_id => switch_on_only.tenant_id
        );
    else
        perform postbell.switch_channel(
            recipient => switch_on_only.recipient, enabled => true, channel => switch_on_only.channel,
            category => switch_on_only.category, event => switch_on_only.event, tenant_id => switch_on_only.tenant_id
        );
    end if;
end
$$;

comment on function postbell.switch_on_only(text, text, text, text, text) is
    'Makes a category, or one event, come by a channel, or the channel alone, although something broader is off: that is taken back, and all else that it covered is off by itself.';
