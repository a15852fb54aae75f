create or replace function postbell.switched_on(tenant_id text, recipient_id text, event text) returns table (channels text[])
language sql stable
as $$
    select array_agg(choice.channel::text)
    from postbell.preference as choice
    where choice.tenant_id = switched_on.tenant_id
      and choice.recipient_id = switched_on.recipient_id
      and choice.event = switched_on.event
      and choice.enabled
$$;

comment on function postbell.switched_on is
    'The channels that a person switched on for just this event; null for none. One row, asked once for all channels.';
