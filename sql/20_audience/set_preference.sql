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
    if set_preference.channel not in ('in_app', 'email', 'sms', 'push', 'sse') then
        perform postbell.raise_error('invalid_channel', set_preference.channel);
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

    -- Null takes the choice back: the defaults apply again.
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
    'Switches on or off: a channel, a category, an event, or one of the latter two on one channel; null enabled takes the choice back. Off wins over on.';
