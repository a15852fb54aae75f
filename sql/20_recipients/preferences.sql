create or replace function postbell.channels_wanted(
    named text[], of_tenant text[], of_event text[], forced text[], switched_on text[]
) returns table (channel text, is_forced boolean, address_kind text, is_kept boolean)
language sql stable parallel safe
as $$
    select channel.name, coalesce(channel.name = any(forced), false), channel.address_kind, channel.is_kept
    -- OFFSET 0 has the table read once for all candidates, instead of a lookup for each.
    from (select name, address_kind, is_kept from postbell.channel offset 0) as channel
    where channel.name = any(coalesce(named, of_tenant, of_event))
       or channel.name = any(forced)
       -- Channels that a person switched on for just this event, unless the producer named the channels.
       or named is null and channel.name = any(switched_on)
$$;

comment on function postbell.channels_wanted is
    'Returns the channels of an event for a person: those that the producer named, else the tenant''s defaults, else the event''s defaults; plus forced ones; plus those that the person switched on for the event, unless the producer named channels. Each with its properties of postbell.channel.';


create or replace function postbell.is_meant_for(tenant_id text, recipient_id text, roles text[]) returns boolean
language sql stable
as $$
    -- A person without known roles is shown every event.
    select cardinality(is_meant_for.roles) = 0 or (
        select coalesce(array_agg(held.role) && is_meant_for.roles, true)
        from postbell.recipient_role as held
        where held.tenant_id = is_meant_for.tenant_id
          and held.recipient_id = is_meant_for.recipient_id
    )
$$;

comment on function postbell.is_meant_for(text, text, text[]) is
    'Whether a preference page shows a person an event that is meant for some roles; an empty list is for everybody.';


create or replace function postbell.switched_on(tenant_id text, recipient_id text, event text) returns table (channels text[])
language sql stable
as $$
    -- ARRAY() instead of an aggregate, and "is not distinct from", which is no index condition behind unconstrained
    -- columns: both are cheaper for the row or two that a person has.
    select array(
        select choice.channel::text
        from postbell.preference as choice
        where choice.tenant_id = switched_on.tenant_id
          and choice.recipient_id = switched_on.recipient_id
          and choice.event is not distinct from switched_on.event
          and choice.enabled
    )
$$;

comment on function postbell.switched_on is
    'Returns the channels that a person switched on for just this event, as one row with an array.';


create or replace function postbell.switched_off_by(
    tenant_id text, recipient_id text, channel text, category text, event text
) returns table (off_channel text, off_category text, off_event text)
language sql stable
as $$
    select choice.channel::text, choice.category, choice.event
    from postbell.preference as choice
    where choice.tenant_id = switched_off_by.tenant_id
      and choice.recipient_id = switched_off_by.recipient_id
      and not choice.enabled
      and (choice.channel is null or choice.channel = switched_off_by.channel)
      and (choice.category is null or choice.category = switched_off_by.category)
      and (choice.event is null or choice.event = switched_off_by.event)
$$;

comment on function postbell.switched_off_by is
    'Returns the preferences by which a person switched off an event of a category on a channel. Off takes precedence over on.';


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

comment on function postbell.is_switched_off is 'Whether a person switched off an event of a category on a channel. Returns a table, so that PostgreSQL inlines it.';


create or replace function postbell.catalogue(recipient text, tenant_id text default 'default')
returns table (category text, event text, label text, description text, channel text, is_on boolean, is_forced boolean)
language sql stable
as $$
    select
        kind.category, kind.key, kind.label, kind.description, offered.channel,
        wish.channel is not null and (wish.is_forced or not choice.is_off),
        coalesce(wish.is_forced, false)
    from postbell.tenant as site
    cross join postbell.event_type as kind
    left join postbell.tenant_event as custom on custom.tenant_id = site.id and custom.event = kind.key
    cross join lateral postbell.switched_on(site.id, catalogue.recipient, kind.key) as further
    cross join unnest(kind.channels) with ordinality as offered (channel, place)
    left join lateral postbell.channels_wanted(
        null, custom.default_channels, kind.default_channels, kind.forced_channels, further.channels
    ) as wish on wish.channel = offered.channel
    cross join lateral postbell.is_switched_off(
        site.id, catalogue.recipient, offered.channel, kind.category, kind.key
    ) as choice
    where site.id = catalogue.tenant_id
      and kind.disabled_at is null
      and custom.disabled_at is null
      and offered.channel <> all(site.disabled_channels)
      and postbell.is_meant_for(site.id, catalogue.recipient, kind.roles)
    order by kind.category, kind.key, offered.place
$$;

comment on function postbell.catalogue(text, text) is
    'Lists every event and channel that can reach a person, and whether it is on for them. Mutes, quiet hours and addresses are not considered. Forced channels cannot be switched off. Events that are meant for other roles are left out.';


create or replace trigger check_channels
before insert or update of channel on postbell.preference
for each row
execute function postbell_private.check_channels('channel');

comment on trigger check_channels on postbell.preference is 'See postbell_private.check_channels().';


create or replace function postbell.set_preference(
    recipient text,
    enabled boolean,
    channel text default null,
    category text default null,
    event text default null,
    tenant_id text default 'default'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell.require_recipient(set_preference.tenant_id, set_preference.recipient);
    if set_preference.channel is not null then
        perform postbell.require_channel(set_preference.channel);
    end if;
    if set_preference.event is not null and set_preference.category is not null then
        perform postbell.raise_error('invalid_argument', 'name a category or an event, not both: an event has one category');
    end if;
    if not exists (select from postbell.event_type where key = set_preference.event) and set_preference.event is not null then
        perform postbell.raise_error('unknown_event', set_preference.event);
    end if;
    if set_preference.category is not null
        and not exists (select from postbell.event_type where category = set_preference.category) then
        perform postbell.raise_error('invalid_argument', 'no event has the category ' || set_preference.category);
    end if;

    -- Null deletes the choice, so that the defaults apply again.
    if set_preference.enabled is null then
        delete from postbell.preference
        where tenant_id = set_preference.tenant_id
          and recipient_id = set_preference.recipient
          and channel is not distinct from set_preference.channel
          and category is not distinct from set_preference.category
          and event is not distinct from set_preference.event;
        return;
    end if;

    insert into postbell.preference (tenant_id, recipient_id, channel, category, event, enabled)
    values (
        set_preference.tenant_id, set_preference.recipient, set_preference.channel,
        set_preference.category, set_preference.event, set_preference.enabled
    )
    on conflict (tenant_id, recipient_id, channel, category, event) do update set
        enabled = excluded.enabled,
        updated_at = postbell.clock();
end
$$;

comment on function postbell.set_preference is
    'Switches a channel, a category or an event on or off for a person, or a category or an event on one channel. enabled => null deletes the choice. Off takes precedence over on.';


create or replace function postbell.switch_channel(
    recipient text,
    enabled boolean,
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
    v_event text;
begin
    if num_nonnulls(switch_channel.category, switch_channel.event) <> 1 then
        perform postbell.raise_error('invalid_argument', 'name a category or an event');
    end if;
    -- Off keeps narrower choices, so that they apply again once the off is deleted.
    perform postbell.set_preference(
        recipient => switch_channel.recipient, enabled => nullif(switch_channel.enabled, true), channel => switch_channel.channel,
        category => switch_channel.category, event => switch_channel.event, tenant_id => switch_channel.tenant_id
    );
    if switch_channel.enabled is false then
        return;
    end if;

    delete from postbell.preference as choice
    using postbell.event_type as kind
    where choice.tenant_id = switch_channel.tenant_id
      and choice.recipient_id = switch_channel.recipient
      and choice.channel = switch_channel.channel
      and choice.event = kind.key
      and kind.category = switch_channel.category
      -- Switching on keeps narrower ons; null deletes all narrower choices.
      and (switch_channel.enabled is null or not choice.enabled);

    if switch_channel.enabled then
        for v_event in
            select kind.key
            from postbell.event_type as kind
            left join postbell.tenant_event as custom
                on custom.tenant_id = switch_channel.tenant_id and custom.event = kind.key
            where (kind.category = switch_channel.category or kind.key = switch_channel.event)
              and switch_channel.channel = any(kind.channels)
              and not exists (
                  select
                  from postbell.channels_wanted(
                      null, custom.default_channels, kind.default_channels, kind.forced_channels, null
                  ) as usual
                  where usual.channel = switch_channel.channel
              )
        loop
            perform postbell.set_preference(
                recipient => switch_channel.recipient, enabled => true, channel => switch_channel.channel,
                event => v_event, tenant_id => switch_channel.tenant_id
            );
        end loop;
    end if;
end
$$;

comment on function postbell.switch_channel(text, boolean, text, text, text, text) is
    'Switches a category or an event on or off on one channel, for a person; enabled => null restores the defaults. On stores a choice only for events that do not use the channel by default. A broader off still takes precedence.';


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
    -- The category of the event, because the off may cover the whole category.
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
        -- switch_channel() deletes an off of just this event on this channel.
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
            select other.name, v_off.off_category, v_off.off_event
            from postbell.channel as other
            where v_off.off_channel is null
              and other.name <> switch_on_only.channel

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
    'Switches a category or an event on one channel on, or a whole channel, although a broader choice is off. The broader choice is replaced by an off for everything else that it covered.';


create or replace function postbell.refuse_tracking(
    recipient text, tenant_id text default 'default', refuses boolean default true
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell.require_recipient(refuse_tracking.tenant_id, refuse_tracking.recipient);
    update postbell.recipient set tracking_refused_at = case when refuses then coalesce(tracking_refused_at, postbell.clock()) end
    where tenant_id = refuse_tracking.tenant_id
      and id = refuse_tracking.recipient;
end
$$;

comment on function postbell.refuse_tracking is
    'Records that a person refuses tracking of opened e-mails and followed links. New e-mails have no tracking, and that of e-mails already sent is ignored. refuses => false allows tracking again.';
