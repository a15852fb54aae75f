create or replace view postbell.receipt_kinds as
select kind, rank, state, barred_for, meaning
from (values
    ('accepted', 1, 'sent', null, 'The provider has it.'),
    ('queued', 2, 'sent', null, 'It waits at the provider.'),
    ('sending', 3, 'sent', null, 'It is leaving the provider.'),
    ('sent', 4, 'sent', null, 'It has left the provider.'),
    ('deferred', 4, 'sent', null, 'The other side asked for patience; the provider tries again.'),
    ('failed', 5, 'failed', null, 'The provider gave up.'),
    ('dropped', 5, 'failed', null, 'The provider did not even try: it knows the address.'),
    ('undelivered', 6, 'bounced', null, 'The other side did not take it.'),
    ('delivered', 7, 'delivered', null, 'The other side took it.'),
    -- Ranks above delivered: a server that accepted a mail may find later that the mailbox does not exist.
    ('bounced', 8, 'bounced', null, 'The other side gave it back.'),
    ('opened', 9, 'delivered', null, 'It was looked at, by the person or by their mailbox on its own.'),
    ('clicked', 9, 'delivered', null, 'A link in it was followed, by the person or by a scanner.'),
    ('complained', 9, 'delivered', 'complaint', 'The person called it spam.'),
    ('unsubscribed', 9, 'delivered', 'unsubscribe', 'The person wants no more of these.'),
    ('stopped', null, null, 'stop', 'The person answered STOP.'),
    ('resumed', null, null, null, 'The person answered START.')
) as listed (kind, rank, state, barred_for, meaning);

comment on view postbell.receipt_kinds is
    'The kinds of receipts, with the state that each gives to a delivery. Of one message, the receipt with the highest rank counts, in whatever order they arrive.';


create or replace function postbell_private.read_receipts(provider text, receipts jsonb) returns postbell_private.incoming_receipt[]
language sql stable
as $$
    with given as (
        select distinct on (event_id) *
        from jsonb_populate_recordset(null::postbell_private.incoming_receipt, read_receipts.receipts)
        order by event_id
    )

    select array_agg(
        row(
            given.event_id, coalesce(given.delivery_id, tried.delivery_id), given.message_id, given.kind,
            least(given.occurred_at, clock_timestamp()), given.code, given.reason, given.detail,
            given.blame, given.addresses, given.identity
        )::postbell_private.incoming_receipt
        order by given.event_id
    )
    from given
    left join lateral (
        select delivery_id
        from postbell.attempt
        where provider_message_id = given.message_id
          and provider_message_id not like '<%'
          and provider = read_receipts.provider
        order by attempted_at desc
        limit 1
    ) as tried on given.delivery_id is null
$$;

comment on function postbell_private.read_receipts(text, jsonb) is
    'Parses a provider''s receipts, each event once, and finds the delivery of each: by its delivery_id, else by its message_id.';


create or replace function postbell_private.classify_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[])
returns table (incoming postbell_private.incoming_receipt, tenant_id text, result text)
language sql stable
as $$
    select
        n,
        d.tenant_id,
        case
            when known.is_repeated then 'repeated'
            when n.delivery_id is null and n.message_id is null then 'names_nothing'
            when n.delivery_id is null then 'kept'
            when d.id is null then 'unknown_delivery'
            -- Of an erased person, of whom nothing is kept.
            when d.recipient_id like 'erased:%' then 'unknown_delivery'
            -- In flight: its dispatcher is about to record the provider.
            when d.state = 'sending' then 'kept'
            when not known.is_handed_over then 'never_handed_over'
            when known.is_of_another then 'another_message'
            when n.kind in ('opened', 'clicked') and not known.is_tracked then 'not_tracked'
            else 'taken'
        end
    from unnest(incoming_receipts) as n
    left join postbell.delivery as d on d.id = n.delivery_id
    left join postbell.tenant on tenant.id = d.tenant_id
    left join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
    cross join lateral (
        select
            exists (
                select
                from postbell.receipt as r
                where r.provider = classify_receipts.provider
                  and r.provider_event_id = n.event_id
                  and r.delivery_id = n.delivery_id
            ) as is_repeated,
            -- Receipts of a provider are valid only for deliveries that it was called for. Those of Postbell itself are signed.
            exists (
                select
                from postbell.attempt as a
                where a.delivery_id = n.delivery_id
                  -- If it was not recorded which provider was being called in a crash, it may have been any.
                  and (a.provider in (classify_receipts.provider, 'unknown') or classify_receipts.provider = 'postbell')
            ) as is_handed_over,
            case
                -- A Message-ID of Postbell's: one that no attempt has is forged.
                when n.message_id like '<%' then not exists (
                    select
                    from postbell.attempt as a
                    where a.delivery_id = n.delivery_id
                      and a.provider_message_id = n.message_id
                )
                else exists (
                    select
                    from postbell.attempt as a
                    where a.provider_message_id = n.message_id
                      and a.provider_message_id not like '<%'
                      and a.provider = classify_receipts.provider
                      and a.delivery_id <> n.delivery_id
                )
                -- Another installation may share the account and use the same delivery ids. An attempt without a message id, or with
                -- ours (postbell_), proves nothing, because the provider uses an id of its own then.
                or not exists (
                    select
                    from postbell.attempt as a
                    where a.delivery_id = n.delivery_id
                      and a.provider in (classify_receipts.provider, 'unknown')
                      and (
                          a.provider_message_id = n.message_id
                          or a.provider_message_id is null
                          or a.provider_message_id like 'postbell\_%'
                      )
                ) and n.message_id is not null
            end
            -- For a delivery that a crash undid, whose id another delivery has now.
            or coalesce(not starts_with(postbell_private.identity_of(d), n.identity), false) as is_of_another,
            case n.kind when 'opened' then 'opens' else 'clicks' end = any(tenant.tracking)
                and person.tracking_refused_at is null as is_tracked
    ) as known
$$;

comment on function postbell_private.classify_receipts(text, postbell_private.incoming_receipt[]) is
    'Classifies receipts of a provider: taken, repeated, kept (for later), or the reason for which one is rejected.';


create or replace function postbell_private.apply_receipts(delivery_ids bigint[]) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    with received as materialized (
        select
            r.delivery_id, r.provider_message_id, r.provider_event_id, r.occurred_at,
            r.kind, known.rank, known.state, coalesce(r.reason, r.code, r.kind) as reason
        from postbell.receipt as r
        join postbell.receipt_kinds as known on known.kind = r.kind
        where r.delivery_id = any(apply_receipts.delivery_ids)
    ),

    -- The highest rank of each message. All receipts are read again, so the order of their arrival does not matter.
    furthest as (
        select distinct on (delivery_id, coalesce(provider_message_id, '')) *
        from received
        order by delivery_id, coalesce(provider_message_id, ''), rank desc, occurred_at desc, provider_event_id
    ),

    -- A delivery with several messages is delivered if one of them is.
    outcome as (
        select distinct on (delivery_id) *
        from furthest
        order by
            delivery_id, array_position(array['delivered', 'sent', 'bounced', 'failed'], state),
            occurred_at desc, provider_event_id
    ),

    moment as (
        select
            delivery_id,
            min(occurred_at) as known_at,
            min(occurred_at) filter (where state = 'delivered') as delivered_at,
            min(occurred_at) filter (where kind = 'opened') as opened_at,
            min(occurred_at) filter (where kind = 'clicked') as clicked_at
        from received
        group by delivery_id
    ),

    settled as (
        update postbell.delivery as d set
            state = moved.state,
            reason = case
                when moved.state in ('bounced', 'failed') and moved.state = outcome.state then outcome.reason
                when moved.state <> d.state then null
                else d.reason
            end,
            provider_message_id = coalesce(d.provider_message_id, outcome.provider_message_id),
            sent_at = case when moved.state in ('sent', 'delivered') then coalesce(d.sent_at, moment.known_at) else d.sent_at end,
            delivered_at = case when moved.state = 'delivered' then moment.delivered_at end,
            opened_at = moment.opened_at,
            clicked_at = moment.clicked_at
        from outcome
        join moment on moment.delivery_id = outcome.delivery_id
        join postbell.delivery as former on former.id = outcome.delivery_id
        cross join lateral (
            select case
                when outcome.state = 'delivered' then 'delivered'
                when outcome.state = 'sent' and former.state <> 'delivered' then 'sent'
                -- A delivery that is to be retried does not fail because of an earlier message.
                when former.state in ('sent', 'delivered', 'unknown', 'bounced', 'failed') then outcome.state
                else former.state
            end as state
        ) as moved
        where d.id = outcome.delivery_id
        returning d.id, d.state
    ),

    -- Deliveries that were sent need no retry.
    spared as (
        delete from postbell.waiting_delivery
        where delivery_id in (select id from settled where state in ('sent', 'delivered'))
    ),

    revived as (
        delete from postbell.dead_letter
        where delivery_id in (select id from settled where state in ('sent', 'delivered'))
    )

    insert into postbell.dead_letter (delivery_id)
    select id
    from settled
    where state in ('bounced', 'failed')
    on conflict (delivery_id) do nothing;
end
$$;

comment on function postbell_private.apply_receipts(bigint[]) is
    'Updates the states of deliveries from their receipts. The result does not depend on the order of the receipts.';


create or replace function postbell_private.suppress_addresses(incoming_receipts postbell_private.incoming_receipt[]) returns void
language sql
as $$
    select postbell_private.suppress_for_longer(array(
        select distinct on (d.tenant_id, d.channel, suppressed.address)
            row(
                d.tenant_id, d.channel, suppressed.address,
                coalesce(known.barred_for, case n.blame when 'stop' then 'stop' else 'bounce' end),
                left(concat_ws(' ', n.kind, n.code, n.reason), 1000),
                postbell.clock(), term.expires_at
            )::postbell.suppression
        from unnest(incoming_receipts) as n
        join postbell.receipt_kinds as known on known.kind = n.kind
        join postbell.delivery as d on d.id = n.delivery_id
        join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
        join postbell.channel on channel.name = d.channel
        cross join lateral postbell_private.address_of(
            channel.address_kind, person.tenant_id, person.id, person.email, person.phone
        ) as reach
        cross join lateral (select postbell_private.normal_address(channel.address_kind, reach.address) as address) as suppressed
        cross join lateral (
            select case
                when known.barred_for is not null then 'infinity'
                when n.blame is not null then postbell_private.suppressed_until(n.blame)
                -- Deferred five times: the address is suppressed for a day.
                when n.kind = 'deferred' and 5 <= (
                    select count(*)
                    from postbell.receipt as r
                    where r.delivery_id = n.delivery_id
                      and r.kind = 'deferred'
                ) then postbell.clock() + interval '1 day'
            end::timestamptz as expires_at
        ) as term
        where term.expires_at is not null
          and suppressed.address is not null
          -- The person may have a new address by now.
          and (
              n.addresses is null
              or suppressed.address in (select postbell_private.normal_address(channel.address_kind, a) from unnest(n.addresses) as a)
          )
        order by d.tenant_id, d.channel, suppressed.address, term.expires_at desc, n.event_id
    ))
$$;

comment on function postbell_private.suppress_addresses(postbell_private.incoming_receipt[]) is
    'Suppresses the addresses of bounces, complaints and the like: for good if the address is invalid or its owner objects, for days if its mailbox is full or slow. Queued deliveries to them are stopped when they are claimed.';


create or replace function postbell_private.record_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[])
returns table (event_id text, result text)
language plpgsql
as $$
#variable_conflict use_column
declare
    v_locked bigint;
    v_results jsonb;
    v_taken postbell_private.incoming_receipt[];
begin
    -- Locks in order of id, as everywhere. A dispatcher that records attempts has finished, or waits for us.
    -- Again if one was settled meanwhile: it lies elsewhere now, and is not locked.
    loop
        perform
        from postbell.delivery
        where id in (select delivery_id from unnest(incoming_receipts))
        order by id
        for update;
        get diagnostics v_locked = row_count;
        exit when v_locked = (
            select count(*) from postbell.delivery where id in (select delivery_id from unnest(incoming_receipts))
        );
    end loop;

    with classified as materialized (
        select *
        from postbell_private.classify_receipts(record_receipts.provider, incoming_receipts)
    ),

    taken as (
        insert into postbell.receipt (
            provider, provider_event_id, delivery_id, tenant_id, provider_message_id,
            kind, code, reason, detail, occurred_at
        )
        select
            record_receipts.provider, (incoming).event_id, (incoming).delivery_id, tenant_id, (incoming).message_id,
            (incoming).kind, left((incoming).code, 100), left((incoming).reason, 1000), coalesce((incoming).detail, '{}'),
            coalesce((incoming).occurred_at, clock_timestamp())
        from classified
        where result = 'taken'
        on conflict (provider, provider_event_id, delivery_id) do nothing
        returning provider_event_id
    )

    select
        jsonb_object_agg((incoming).event_id, result),
        array_agg(incoming) filter (where (incoming).event_id in (select provider_event_id from taken))
    into v_results, v_taken
    from classified;

    if v_taken is not null then
        perform postbell_private.apply_receipts(array(select distinct delivery_id from unnest(v_taken)));
        perform postbell_private.suppress_addresses(v_taken);
    end if;

    return query
    select said.key, said.value
    from jsonb_each_text(coalesce(v_results, '{}')) as said
    order by said.key;
end
$$;

comment on function postbell_private.record_receipts(text, postbell_private.incoming_receipt[]) is
    'Classifies receipts and applies those that are taken. Those that arrive too early (kept) are left to the caller.';


create or replace function postbell_private.receive_receipt(provider text, receipts jsonb)
returns table (event_id text, result text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_incoming postbell_private.incoming_receipt[] := postbell_private.read_receipts(receive_receipt.provider, receipts);
begin
    -- The provider does not repeat a receipt that was accepted.
    perform postbell_private.require_durable_commit();

    return query
    with classified as materialized (
        select *
        from postbell_private.record_receipts(receive_receipt.provider, v_incoming)
    ),

    kept as (
        insert into postbell_private.early_receipt (provider, provider_event_id, delivery_id, provider_message_id, receipt)
        select
            receive_receipt.provider, n.event_id, n.delivery_id, n.message_id,
            jsonb_strip_nulls(to_jsonb(n))
        from classified
        join unnest(v_incoming) as n on n.event_id = classified.event_id
        where classified.result = 'kept'
        on conflict (provider, provider_event_id) do nothing
        returning provider_event_id
    )

    select
        classified.event_id,
        case when classified.result = 'kept' and kept.provider_event_id is null then 'repeated' else classified.result end
    from classified
    left join kept on kept.provider_event_id = classified.event_id
    order by classified.event_id;
end
$$;

comment on function postbell_private.receive_receipt(text, jsonb) is
    'Receives receipts of a provider, in any order and with repetitions. receipts: [{"event_id": "e1", "kind": "delivered", "delivery_id": 1, "message_id": "m1", "occurred_at": "…", "code": null, "reason": null, "detail": {}, "blame": null, "addresses": [], "identity": null}]; delivery_id or message_id is enough. identity: postbell_private.identity_of() of the delivery, or a prefix of it. Returns for each event taken, repeated, kept (until its attempt is recorded), or the reason for which it is rejected.';


create or replace function postbell_private.record_early_receipts(provider text, receipts jsonb[]) returns void
language sql
as $$
    with classified as materialized (
        select *
        from postbell_private.record_receipts(record_early_receipts.provider, postbell_private.read_receipts(record_early_receipts.provider, to_jsonb(receipts)))
    )
    delete from postbell_private.early_receipt as early
    using classified
    where early.provider = record_early_receipts.provider
      and early.provider_event_id = classified.event_id
      and classified.result <> 'kept'
$$;

comment on function postbell_private.record_early_receipts(text, jsonb[]) is 'Processes early receipts of a provider, and deletes those that are no longer too early.';


create or replace function postbell_private.match_receipts(delivery_ids bigint[] default null, message_ids text[] default null) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_early record;
    v_fault record;
begin
    -- Usually there are no early receipts.
    if not exists (select from postbell_private.early_receipt) then
        return;
    end if;

    for v_early in
        with ripe as (
            select early.provider, early.receipt
            from postbell_private.early_receipt as early
            where (
                match_receipts.delivery_ids is null
                or early.delivery_id = any(match_receipts.delivery_ids)
                or early.provider_message_id = any(match_receipts.message_ids)
            )
            -- Receipts that are still too early are left as they are, with their received_at.
              and case
                  when early.delivery_id is null then exists (
                      select
                      from postbell.attempt as a
                      where a.provider_message_id = early.provider_message_id
                        and a.provider_message_id not like '<%'
                        and a.provider = early.provider
                  )
                  else not exists (
                      select
                      from postbell.open_delivery as d
                      where d.id = early.delivery_id
                        and d.state = 'sending'
                  )
              end
            order by early.received_at
            limit 1000
            for update of early skip locked
        )
        select provider, array_agg(receipt) as receipts
        from ripe
        group by provider
    loop
        for v_fault in
            select v_early.receipts[place] ->> 'event_id' as event_id, code, message
            from postbell_private.isolate(format('postbell_private.record_early_receipts(%L, $1)', v_early.provider), v_early.receipts)
        loop
            raise warning 'receipt % of % is dropped: %: %', v_fault.event_id, v_early.provider, v_fault.code, v_fault.message;
            delete from postbell_private.early_receipt
            where provider = v_early.provider
              and provider_event_id = v_fault.event_id;
        end loop;
    end loop;
end
$$;

comment on function postbell_private.match_receipts(bigint[], text[]) is
    'Processes early receipts: those of deliveries whose attempts have just been recorded, or all. Receipts that are still too early stay. A receipt with which that fails is dropped with a warning.';


create or replace function postbell_private.forget_early_receipts() returns table (provider text, forgotten bigint)
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    -- A receipt that names its delivery stays while the delivery is in flight.
    with forgotten as (
        delete from postbell_private.early_receipt
        where delivery_id is null
          and received_at < clock_timestamp() - interval '1 hour'
        returning provider
    )

    select forgotten.provider, count(*)
    from forgotten
    group by forgotten.provider
    order by forgotten.provider
$$;

comment on function postbell_private.forget_early_receipts() is
    'Deletes receipts of unknown messages that are older than an hour. Returns how many, by provider.';
