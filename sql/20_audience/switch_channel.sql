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
    -- What is switched off as a whole comes back as it was when that is taken back.
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
      -- On is to stay on; usual takes everything back.
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
    'Makes all that belongs to a category, or one event, come by a channel, or not; null: as usual. On stores a choice only for what does not come by it anyway. A broader off still wins.';
