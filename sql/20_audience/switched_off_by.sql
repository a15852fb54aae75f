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
    'The explicit offs of a person that cover an event, of a category, on a channel. Any of them wins over any on.';
