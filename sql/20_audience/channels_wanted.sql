create or replace function postbell.channels_wanted(
    named text[], of_tenant text[], of_event text[], forced text[], switched_on text[]
) returns table (channel text, is_forced boolean)
language sql immutable parallel safe
as $$
    select wish.channel, coalesce(wish.channel = any(forced), false)
    from unnest(array['in_app', 'email', 'sms', 'push', 'sse']) as wish (channel)
    where wish.channel = any(coalesce(named, of_tenant, of_event))
       or wish.channel = any(forced)
       -- What a person switched on for just this event, unless the producer chose the channels.
       or named is null and wish.channel = any(switched_on)
$$;

comment on function postbell.channels_wanted is
    'Channels named by the row, else the tenant''s, else the event''s; plus forced ones; plus those a person switched on for the event.';
