create or replace function postbell.switched_on(tenant_id text, recipient_id text, event text) returns table (channels text[])
language sql stable
as $$
    -- An array and no aggregate, and an event that is no condition of an index whose columns before it are free: either
    -- would cost more than the row or two that a person has.
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
    'The channels that a person switched on for just this event. One row, asked once for all channels.';
