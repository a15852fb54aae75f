create or replace function postbell.catalogue(recipient text, tenant_id text default 'default')
returns table (category text, event text, label text, description text, channel text, is_on boolean, is_forced boolean)
language sql stable
as $$
    select
        kind.category, kind.key, kind.label, kind.description, way.channel,
        wish.channel is not null and (wish.is_forced or not choice.is_off),
        coalesce(wish.is_forced, false)
    from postbell.tenant as site
    cross join postbell.event_type as kind
    left join postbell.tenant_event as custom on custom.tenant_id = site.id and custom.event = kind.key
    cross join lateral postbell.switched_on(site.id, catalogue.recipient, kind.key) as further
    cross join unnest(kind.channels) with ordinality as way (channel, place)
    left join lateral postbell.channels_wanted(
        null, custom.default_channels, kind.default_channels, kind.forced_channels, further.channels
    ) as wish on wish.channel = way.channel
    cross join lateral postbell.is_switched_off(
        site.id, catalogue.recipient, way.channel, kind.category, kind.key
    ) as choice
    where site.id = catalogue.tenant_id
      and kind.disabled_at is null
      and custom.disabled_at is null
      and way.channel <> all(site.disabled_channels)
      and postbell.is_meant_for(site.id, catalogue.recipient, kind.roles)
    order by kind.category, kind.key, way.place
$$;

comment on function postbell.catalogue(text, text) is
    'Every event and channel that a person could hear of something by, and whether it is on for them, as the ladder would find it (mutes, quiet hours and addresses apart). What is forced cannot be switched off. Events that are meant for other roles than theirs are left out.';
