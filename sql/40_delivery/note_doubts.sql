create or replace function postbell.note_doubts(delivery_ids bigint[]) returns void
language sql
as $$
    insert into postbell.attempt (delivery_id, outcome, provider, reason)
    select id, 'unknown', coalesce(provider, 'unknown'), 'the dispatcher ended while the provider was being called'
    from postbell.delivery
    where id = any(delivery_ids)
      and state = 'sending'
$$;

comment on function postbell.note_doubts(bigint[]) is
    'Writes down which deliveries were in flight when their dispatcher ended, and at whom: that one may have taken them, and its receipts are to be believed.';
