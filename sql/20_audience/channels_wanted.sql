create or replace function postbell.channels_wanted(
    tenant_id text, recipient_id text, event text,
    named text[], of_tenant text[], of_event text[], forced text[]
) returns table (channel text, is_forced boolean)
language sql stable
as $$
    select wish.channel, bool_or(wish.is_forced)
    from (
        select unnest(coalesce(named, of_tenant, of_event)), false

        union all
        select unnest(forced), true

        -- What a person switched on for just this event, unless the producer chose the channels.
        union all
        select choice.channel, false
        from postbell.preference as choice
        where named is null
          and choice.tenant_id = channels_wanted.tenant_id
          and choice.recipient_id = channels_wanted.recipient_id
          and choice.event = channels_wanted.event
          and choice.channel is not null
          and choice.enabled
    ) as wish (channel, is_forced)
    group by wish.channel
$$;

comment on function postbell.channels_wanted is
    'Channels named by the row, else the tenant''s, else the event''s; plus forced ones; plus those a person switched on for the event.';
