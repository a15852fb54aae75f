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
    -- Also after delivered: the server that took a mail may find out later that nobody is there.
    ('bounced', 8, 'bounced', null, 'The other side gave it back.'),
    ('opened', 9, 'delivered', null, 'It was looked at, by the person or by their mailbox on its own.'),
    ('clicked', 9, 'delivered', null, 'A link in it was followed, by the person or by a scanner.'),
    ('complained', 9, 'delivered', 'complaint', 'The person called it spam.'),
    ('unsubscribed', 9, 'delivered', 'unsubscribe', 'The person wants no more of these.'),
    ('stopped', null, null, 'stop', 'The person answered STOP.'),
    ('resumed', null, null, null, 'The person answered START.')
) as listed (kind, rank, state, barred_for, meaning);

comment on view postbell.receipt_kinds is
    'What each kind of receipt makes of a delivery. Of one message the highest rank counts, in whatever order they come.';


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
    'What a provider told, each event once, with the delivery it is about: the one it names, else the one whose message it names.';


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
            -- Who has it in hand writes down in a moment to whom it was given.
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
            ) as is_repeated,
            -- A provider speaks of what it was given, and of nobody else's. What we see ourselves carries our signature.
            exists (
                select
                from postbell.attempt as a
                where a.delivery_id = n.delivery_id
                  -- Where nobody wrote down which provider was being called in a crash, it may have been any.
                  and (a.provider in (classify_receipts.provider, 'unknown') or classify_receipts.provider = 'postbell')
            ) as is_handed_over,
            case
                -- Our own Message-ID: one that we never sent was made up.
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
                -- Another installation may share the account, and number its deliveries as we do. Nothing can be said of a
                -- call whose answer gave no id, or ours back (postbell_): the service has one of its own then.
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
            -- Of one that a crash undid, and whose number is another's now.
            or coalesce(not starts_with(postbell_private.identity_of(d), n.identity), false) as is_of_another,
            case n.kind when 'opened' then 'opens' else 'clicks' end = any(tenant.tracking)
                and person.tracking_refused_at is null as is_tracked
    ) as known
$$;

comment on function postbell_private.classify_receipts(text, postbell_private.incoming_receipt[]) is
    'Whether to believe what a provider tells: taken, repeated, kept (for later), or why not.';


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

    -- How far each message came. All that was ever said is asked, so the order of its coming does not matter.
    furthest as (
        select distinct on (delivery_id, coalesce(provider_message_id, '')) *
        from received
        order by delivery_id, coalesce(provider_message_id, ''), rank desc, occurred_at desc, provider_event_id
    ),

    -- One that was sent twice has arrived if either has.
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
                -- What is about to be tried again is not given up for what befell an earlier try.
                when former.state in ('sent', 'delivered', 'unknown', 'bounced', 'failed') then outcome.state
                else former.state
            end as state
        ) as moved
        where d.id = outcome.delivery_id
        returning d.id, d.state
    ),

    -- Known to have been sent: there is nothing to try again.
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
    'Brings deliveries to where their receipts say that they are. Never back, and the same whatever the order.';


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
                -- Asked for patience again and again: somebody has to leave it in peace for a while.
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
          -- The person may have another address by now.
          and (
              n.addresses is null
              or suppressed.address in (select postbell_private.normal_address(channel.address_kind, a) from unnest(n.addresses) as a)
          )
        order by d.tenant_id, d.channel, suppressed.address, term.expires_at desc, n.event_id
    ))
$$;

comment on function postbell_private.suppress_addresses(postbell_private.incoming_receipt[]) is
    'Suppresses the addresses that receipts speak against: for good if they are bad or their owner objects, for days if they are full or slow. What is queued for them is stopped when it is claimed.';


create or replace function postbell_private.record_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[])
returns table (event_id text, result text)
language plpgsql
as $$
#variable_conflict use_column
declare
    v_results jsonb;
    v_taken postbell_private.incoming_receipt[];
begin
    -- In one order everywhere. Whoever writes down the sending is done by then, or comes after us.
    perform
    from postbell.delivery
    where id in (select delivery_id from unnest(incoming_receipts))
    order by id
    for update;

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
        on conflict (provider, provider_event_id) do nothing
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
    'Judges what a provider told, and takes what is believed. What comes too early (kept) is left to the caller.';


create or replace function postbell_private.receive_receipt(provider text, receipts jsonb)
returns table (event_id text, result text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_incoming postbell_private.incoming_receipt[] := postbell_private.read_receipts(receive_receipt.provider, receipts);
begin
    -- The provider does not say again what we took.
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
    'Takes what a provider tells of messages, in any order and as often as it likes. receipts: [{"event_id": "e1", "kind": "delivered", "delivery_id": 1, "message_id": "m1", "occurred_at": "…", "code": null, "reason": null, "detail": {}, "blame": null, "addresses": [], "identity": null}]; delivery_id or message_id will do. identity: postbell_private.identity_of() the delivery, or how it begins. Returns for each event taken, repeated, kept (until the sending is written down), or why it is refused.';


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

comment on function postbell_private.record_early_receipts(text, jsonb[]) is 'Takes up receipts of a provider that came early, and forgets those that are no longer too early.';


create or replace function postbell_private.match_receipts(delivery_ids bigint[] default null, message_ids text[] default null) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_early record;
    v_fault record;
begin
    -- Nearly always: nothing came too early.
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
            -- What is still too early is not touched: it keeps its place and its age.
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
                      from postbell.delivery as d
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
    'Takes up receipts that came early: those of deliveries whose sending has just been written down, or all of them. What is still too early stays. One with which that fails is dropped, with a warning.';


create or replace function postbell_private.forget_early_receipts() returns table (provider text, forgotten bigint)
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    -- One that names its delivery stays as long as that one is in somebody's hands.
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
    'Drops receipts that named a message which nobody wrote down within an hour: it was none of ours. Returns how many, by provider.';
