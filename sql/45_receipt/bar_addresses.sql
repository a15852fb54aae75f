create or replace function postbell.bar_addresses(notices postbell.notice[]) returns void
language sql
as $$
    select postbell.suppress_for_longer(array(
        select distinct on (d.tenant_id, d.channel, barred.address)
            row(
                d.tenant_id, d.channel, barred.address,
                coalesce(known.barred_for, case n.blame when 'stop' then 'stop' else 'bounce' end),
                left(concat_ws(' ', n.kind, n.code, n.reason), 1000),
                postbell.clock(), sentence.served_at
            )::postbell.suppression
        from unnest(notices) as n
        join postbell.receipt_kinds as known on known.kind = n.kind
        join postbell.delivery as d on d.id = n.delivery_id
        join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
        cross join lateral postbell.address_on(d.channel, person.tenant_id, person.id, person.email, person.phone) as reach
        cross join lateral (select postbell.normal_address(d.channel, reach.address) as address) as barred
        cross join lateral (
            select case
                when known.barred_for is not null then 'infinity'
                when n.blame is not null then postbell.suppressed_until(n.blame)
                -- Asked for patience again and again: somebody has to leave it in peace for a while.
                when n.kind = 'deferred' and 5 <= (
                    select count(*)
                    from postbell.receipt as r
                    where r.delivery_id = n.delivery_id
                      and r.kind = 'deferred'
                ) then postbell.clock() + interval '1 day'
            end::timestamptz as served_at
        ) as sentence
        where sentence.served_at is not null
          and barred.address is not null
          -- The person may have another address by now.
          and (n.addresses is null or barred.address in (select postbell.normal_address(d.channel, a) from unnest(n.addresses) as a))
        order by d.tenant_id, d.channel, barred.address, sentence.served_at desc, n.event_id
    ))
$$;

comment on function postbell.bar_addresses(postbell.notice[]) is
    'Suppresses the addresses that receipts speak against: for good if they are bad or their owner objects, for days if they are full or slow. What is queued for them is stopped when it is claimed.';
