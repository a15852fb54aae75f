create or replace function postbell_private.identity_of(delivery postbell.delivery) returns text
language sql stable parallel safe
as $$
    select left(encode(sha256(convert_to(json_build_array(
        (delivery).tenant_id,
        (delivery).notification_id,
        (delivery).recipient_id,
        (delivery).channel,
        extract(epoch from (delivery).created_at)
    )::text, 'UTF8')), 'hex'), 32)
$$;

comment on function postbell_private.identity_of(postbell.delivery) is
    'A delivery by what it is: 32 hexadecimal digits, the same whenever its event is routed, and in no other database. Its id is a number that a crash may undo and give to another.';


create or replace function postbell_private.lock_batch(batch_id bigint, claim_token uuid) returns bigint[]
-- Not in SQL, which PostgreSQL plans anew at each call before version 18.
language plpgsql
as $$
#variable_conflict use_column
declare
    v_delivery_ids bigint[];
begin
    select delivery_ids into v_delivery_ids
    from postbell.batch
    where id = lock_batch.batch_id
      and claim_token = lock_batch.claim_token
    for no key update;
    return v_delivery_ids;
end
$$;

comment on function postbell_private.lock_batch(bigint, uuid) is
    'The deliveries of a claimed batch, which nobody else can claim until the transaction ends. Null if the claim does not hold: another has claimed the batch since, or a crash has undone the claim.';


create or replace function postbell_private.requeue(delivery_ids bigint[]) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    perform postbell_private.enqueue(
        array(
            select id
            from postbell.delivery
            where id = any(requeue.delivery_ids)
              and state in ('queued', 'sending')
        ),
        is_bulk => false,
        delay => interval '1 second'
    );
end
$$;

comment on function postbell_private.requeue(bigint[]) is
    'Puts what is not settled of a batch that has ended into a new one, for a little later: a row that somebody else held just then, a time-out.';


create or replace function postbell_private.finish_batch(batch_id bigint, claim_token uuid) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_delivery_ids bigint[];
begin
    delete from postbell.batch
    where id = finish_batch.batch_id
      and claim_token = finish_batch.claim_token
    returning delivery_ids into v_delivery_ids;
    if not found then
        return false;
    end if;
    perform postbell_private.requeue(v_delivery_ids);
    return true;
end
$$;

comment on function postbell_private.finish_batch(bigint, uuid) is
    'Ends a batch; what is not settled goes into a new one. False if the claim does not hold.';


create or replace function postbell_private.stop_undeliverable(delivery_ids bigint[]) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_channel postbell.channel;
begin
    -- Looked up once: a batch has one channel.
    select channel.* into v_channel
    from postbell.delivery as d
    join postbell.channel on channel.name = d.channel
    where d.id = delivery_ids[1];

    -- Once: the ladder's answer is looked at several times, and would be asked for each.
    with answered as materialized (
        select
            d.id,
            d.channel,
            d.is_silent,
            cancellation.is_cancelled,
            n.id is null as is_deleted,
            kind.key is null as is_unknown,
            n.expires_at <= postbell.clock() and not v_channel.is_kept as is_expired,
            postbell_private.ladder(
                -- Who caused it, and that its time had come, are settled.
                is_actor => false,
                event_is_disabled => kind.disabled_at is not null,
                tenant_event_is_disabled => of_tenant.disabled_at is not null,
                channel_is_disabled => d.channel = any(tenant.disabled_channels),
                has_template => d.channel = any(kind.channels),
                is_unknown => person.id is null,
                is_erased => person.erased_at is not null,
                has_address => reach.address is not null,
                is_suppressed => suppression.address is not null,
                is_forced => d.decision_reason = 'forced',
                -- What is kept is there to stay.
                is_off => not v_channel.is_kept and choice.is_off,
                is_muted => silence.is_muted,
                is_quiet => false,
                is_critical => false,
                is_kept => v_channel.is_kept
            ) as answer
        from postbell.delivery as d
        -- Whatever was deleted meanwhile: each delivery gets an answer, or it would be in nobody's hands for good.
        left join postbell_private.notification as n on n.id = d.notification_id
        left join postbell.event_type as kind on kind.key = d.event
        left join postbell.tenant_event as of_tenant on of_tenant.tenant_id = d.tenant_id and of_tenant.event = d.event
        left join postbell.tenant as tenant on tenant.id = d.tenant_id
        left join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
        cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as cancellation
        -- Named once, or postbell_private.normal_address() is not inlined, which names it twice.
        cross join lateral (
            select address
            from postbell_private.address_of(
                v_channel.address_kind, person.tenant_id, person.id, person.email, person.phone
            )
            offset 0
        ) as reach
        left join postbell.suppression
            on suppression.tenant_id = d.tenant_id
            and suppression.channel = d.channel
            and suppression.address = postbell_private.normal_address(v_channel.address_kind, reach.address)
            and suppression.expires_at > postbell.clock()
        cross join lateral postbell.is_switched_off(d.tenant_id, d.recipient_id, d.channel, kind.category, d.event) as choice
        cross join lateral postbell_private.is_muted(
            d.tenant_id, d.recipient_id, kind.category, d.event, n.subject, postbell.clock()
        ) as silence
        where d.id = any(delivery_ids)
          and d.state in ('queued', 'sending')
    ),

    decided as (
        select
            id,
            (answer).rung,
            (answer).reason as decision_reason,
            case
                when is_cancelled then 'cancelled'
                when is_deleted then 'event_deleted'
                when is_unknown then 'unknown_event'
                when is_expired then 'expired'
                when (answer).effect = 'drop' then (answer).reason
            end as reason,
            (answer).effect = 'silence' and not is_silent as falls_silent
        from answered
    ),

    -- Only what changes is locked, and what somebody is just cancelling is left to them.
    affected as (
        select decided.*
        from decided
        join postbell.delivery as d on d.id = decided.id
        where (decided.reason is not null or decided.falls_silent)
          and d.state in ('queued', 'sending')
        for update of d skip locked
    ),

    changed as (
        update postbell.delivery as d set
            state = case
                when affected.reason is null then d.state
                -- What has reached one device of a person is sent, whatever becomes of the others.
                when d.sent_at is not null then 'sent'
                when affected.reason in ('cancelled', 'expired') then affected.reason
                else 'skipped'
            end,
            reason = coalesce(affected.reason, d.reason),
            is_silent = d.is_silent or affected.falls_silent,
            -- What is kept silently is decided anew; what is stopped says so by its reason.
            rung = case when affected.reason is null then affected.rung else d.rung end,
            decision_reason = case when affected.reason is null then affected.decision_reason else d.decision_reason end
        from affected
        where d.id = affected.id
        returning d.id, affected.reason
    )

    insert into postbell.delivery_step (delivery_id, what, reason)
    select id, 'stopped', reason
    from changed
    where reason is not null;
end
$$;

comment on function postbell_private.stop_undeliverable(bigint[]) is
    'What was decided may be overtaken by the time it is sent: cancelled, expired, the event stopped or gone, the channel not used any more, the person gone, the address suppressed, the channel switched off, or muted. The ladder is climbed again: a word said now counts for what is already queued. What is muted is kept in the inbox silently.';


create or replace function postbell_private.start_sending(
    batch_id bigint, claim_token uuid, delivery_ids bigint[], providers text[] default null
) returns bigint[]
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- Locked: whoever claims the batch next waits until these are marked, and then finds them in flight.
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
    v_started bigint[];
begin
    if v_carried is null then
        return null;
    end if;

    -- Of what is in flight when we crash, no second copy may go out: so it is written down before the first.
    if exists (
        select
        from postbell.batch
        join postbell.channel on channel.name = batch.channel
        where batch.id = start_sending.batch_id
          and channel.crash_policy = 'await_receipt'
    ) then
        perform postbell_private.require_durable_commit();
    end if;

    perform postbell_private.stop_undeliverable(start_sending.delivery_ids);

    with free as (
        select id
        from postbell.delivery
        where id = any(start_sending.delivery_ids)
          and id = any(v_carried)
          and state in ('queued', 'sending')
        for update skip locked
    ),

    started as (
        update postbell.delivery as d set
            state = 'sending',
            attempts = attempts + 1,
            provider = coalesce(providers[array_position(start_sending.delivery_ids, d.id)], d.provider)
        from free
        where d.id = free.id
        returning d.id
    )

    select coalesce(array_agg(id), '{}') into v_started
    from started;
    return v_started;
end
$$;

comment on function postbell_private.start_sending(bigint, uuid, bigint[], text[]) is
    'Marks the deliveries that are about to be in flight, and returns those that may go; null if the claim does not hold. Only these can be in doubt after a crash. providers: who is about to be asked, for each.';


create or replace function postbell_private.fail_deliveries(
    batch_id bigint, claim_token uuid, delivery_ids bigint[], reasons text[]
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
begin
    if v_carried is null then
        return false;
    end if;

    perform postbell_private.give_up(array_agg(given.id), array_agg(given.reason), '{queued,sending}')
    from unnest(fail_deliveries.delivery_ids, fail_deliveries.reasons) as given (id, reason)
    where given.id = any(v_carried);
    return true;
end
$$;

comment on function postbell_private.fail_deliveries(bigint, uuid, bigint[], text[]) is
    'Gives up deliveries of a batch that no provider was called for: their template failed, say. They become dead letters. False if the claim does not hold.';


create or replace function postbell_private.split_batch(batch postbell.batch) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_delivery_id bigint;
begin
    if cardinality((batch).delivery_ids) = 1 then
        perform postbell_private.fail_deliveries(
            (batch).id, (batch).claim_token, (batch).delivery_ids,
            array['the dispatcher ended ' || (batch).claims - 1 || ' times while it had this in hand']
        );
    else
        foreach v_delivery_id in array (batch).delivery_ids loop
            perform postbell_private.enqueue(array[v_delivery_id], (batch).is_bulk);
        end loop;
    end if;

    -- By its full name: alone, it would be the row of the table, and every batch its own match.
    delete from postbell.batch where id = (split_batch.batch).id;
end
$$;

comment on function postbell_private.split_batch(postbell.batch) is 'Puts each delivery of a batch into a batch of its own; one that is alone already is given up.';


create or replace function postbell_private.mark_unknown(delivery_ids bigint[]) returns void
-- Not in SQL, which PostgreSQL plans anew at each call before version 18.
language plpgsql
as $$
#variable_conflict use_column
begin
    -- In one order everywhere. Nearly always there is nothing in flight.
    perform
    from postbell.delivery
    where id = any(mark_unknown.delivery_ids)
      and state = 'sending'
    order by id
    for update;
    if not found then
        return;
    end if;

    with in_doubt as (
        update postbell.delivery as d set
            state = case when d.sent_at is null then 'unknown' else 'sent' end,
            reason = 'the dispatcher ended while the provider was being called'
        where d.id = any(mark_unknown.delivery_ids)
          and d.state = 'sending'
        returning d.id, d.channel, d.state, d.provider, d.reason
    ),

    noted as (
        insert into postbell.attempt (delivery_id, outcome, provider, reason)
        select id, 'unknown', coalesce(provider, 'unknown'), reason
        from in_doubt
    )

    insert into postbell_private.unknown_delivery (delivery_id, due_at)
    select in_doubt.id, clock_timestamp() + channel.unknown_timeout
    from in_doubt
    join postbell.channel on channel.name = in_doubt.channel
    where in_doubt.state = 'unknown'
    on conflict (delivery_id) do update set due_at = excluded.due_at;
end
$$;

comment on function postbell_private.mark_unknown(bigint[]) is
    'Settles what was in flight when its dispatcher ended, or was taken for dead: it may have been sent, and so is not sent again. A report settles it, or the end of our patience.';


create or replace function postbell_private.record_unknown(delivery_ids bigint[]) returns void
language sql
as $$
    insert into postbell.attempt (delivery_id, outcome, provider, reason)
    select id, 'unknown', coalesce(provider, 'unknown'), 'the dispatcher ended while the provider was being called'
    from postbell.delivery
    where id = any(delivery_ids)
      and state = 'sending'
$$;

comment on function postbell_private.record_unknown(bigint[]) is
    'Writes down which deliveries were in flight when their dispatcher ended, and at whom: that one may have taken them, and its receipts are to be believed.';


create or replace function postbell_private.claim_batch(
    batch_id bigint, batch_channel text, start_sending integer default 0, provider text default null,
    with_identities boolean default true
)
returns table (
    claim_token uuid, delivery_id bigint, identity text, notification_id bigint, tenant_id text, recipient_id text,
    event text, category text, channel text, priority text, state text, subject text, payload jsonb,
    address text, locale text, time_zone text, attributes jsonb,
    attempts smallint, created_at timestamptz, expires_at timestamptz, is_started boolean, is_forced boolean,
    tracking text[]
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_most_claims constant integer := 5;
    v_batch postbell.batch;
    v_channel postbell.channel;
    v_started bigint[] := '{}';
begin
    -- A claim lost in a crash of the server is made again: no need to wait for the disk. For this transaction,
    -- which is the call: a setting of the function's own would be taken back before the commit.
    perform set_config('synchronous_commit', 'off', true);

    update postbell.batch set
        claims = claims + 1,
        claim_token = gen_random_uuid(),
        claimed_at = clock_timestamp()
    where id = claim_batch.batch_id
      -- A job from before a crash may name a batch that is another's now.
      and channel = claim_batch.batch_channel
    returning * into v_batch;
    if not found then
        return;
    end if;

    select * into v_channel
    from postbell.channel
    where name = v_batch.channel;

    -- What is in flight already, somebody else has begun.
    if v_channel.crash_policy = 'await_receipt' then
        perform postbell_private.mark_unknown(v_batch.delivery_ids);
    elsif v_batch.claims > 1 then
        perform postbell_private.record_unknown(v_batch.delivery_ids);
    end if;

    -- Taken again and again and never finished: something in it ends the dispatcher. Alone, it harms only itself.
    if v_batch.claims > v_most_claims then
        perform postbell_private.split_batch(v_batch);
        return;
    end if;

    perform postbell_private.stop_undeliverable(v_batch.delivery_ids[claim_batch.start_sending + 1:]);

    -- The first ones may go at once: a single message is claimed and started in one step.
    if claim_batch.start_sending > 0 then
        v_started := postbell_private.start_sending(
            v_batch.id, v_batch.claim_token, v_batch.delivery_ids[:claim_batch.start_sending],
            array_fill(claim_batch.provider, array[claim_batch.start_sending])
        );
    end if;

    return query
    select
        v_batch.claim_token, d.id, case when with_identities then postbell_private.identity_of(d) else '' end, d.notification_id, d.tenant_id, d.recipient_id,
        d.event, kind.category, d.channel::text, d.priority::text, d.state::text, n.subject, n.payload,
        reach.address, person.locale, person.time_zone, nullif(person.attributes, '{}'),
        d.attempts, d.created_at, n.expires_at, d.id = any(v_started), d.decision_reason = 'forced',
        case when person.tracking_refused_at is null then nullif(tenant.tracking, '{}') end
    from unnest(v_batch.delivery_ids) as carried (id)
    join postbell.delivery as d on d.id = carried.id
    join postbell_private.notification as n on n.id = d.notification_id
    join postbell.event_type as kind on kind.key = d.event
    join postbell.tenant as tenant on tenant.id = d.tenant_id
    join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
    cross join lateral postbell_private.address_of(
        v_channel.address_kind, person.tenant_id, person.id, person.email, person.phone
    ) as reach
    where d.state in ('queued', 'sending')
    order by d.id;
    if not found then
        perform postbell_private.finish_batch(v_batch.id, v_batch.claim_token);
    end if;
end
$$;

comment on function postbell_private.claim_batch(bigint, text, integer, text, boolean) is
    'Takes a batch and returns what is in it still to be delivered, with all that rendering needs. Nothing if the batch is settled. The first so many are marked as sending (is_started), by the one provider there is. One that is in state sending without that was in flight when a dispatcher died; where a second copy does harm, it is not returned but unknown. claim_token is shown to all that records or starts something of the batch. Without with_identities, identity is empty: only who hands over to a provider needs it.';


create or replace function postbell_private.devices_of(batch_id bigint, claim_token uuid)
returns table (delivery_id bigint, device_id bigint, endpoint text, p256dh text, auth text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select d.id, device.id, device.endpoint, device.p256dh, device.auth
    from postbell.batch
    cross join lateral unnest(batch.delivery_ids) as carried (id)
    join postbell.delivery as d on d.id = carried.id
    join postbell.push_subscription as device
        on device.tenant_id = d.tenant_id and device.recipient_id = d.recipient_id
    where batch.id = devices_of.batch_id
      and batch.claim_token = devices_of.claim_token
      and d.state in ('queued', 'sending')
      and not exists (
          select
          from postbell.attempt as earlier
          where earlier.delivery_id = d.id
            and earlier.device = device.id::text
            -- One that refused is asked again only when somebody revives the delivery, which counts its tries anew.
            and (earlier.outcome = 'sent' or earlier.outcome = 'refused' and d.attempts + (d.state = 'queued')::integer > 1)
      )
    order by d.id, device.id
$$;

comment on function postbell_private.devices_of(bigint, uuid) is
    'The devices that each delivery of a claimed batch still has to reach: not those that an earlier try has settled. None if the claim does not hold.';
