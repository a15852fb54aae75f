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
    'Returns the identity of a delivery: 32 hexadecimal digits that stay the same when its event is routed again, and differ between databases. The id does not serve, because after a crash another delivery may get it.';


create or replace function postbell_private.lock_batch(batch_id bigint, claim_token uuid) returns bigint[]
-- Not in language sql, which is planned at each call before PostgreSQL 18.
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
    'Locks a claimed batch until the transaction ends, and returns its deliveries. Returns null if the claim does not hold: another dispatcher has claimed the batch since, or a crash has undone the claim.';


create or replace function postbell_private.requeue(delivery_ids bigint[]) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    perform postbell_private.enqueue(
        array(
            select id
            from postbell.open_delivery
            where id = any(requeue.delivery_ids)
              and state in ('queued', 'sending')
        ),
        is_bulk => false,
        delay => interval '1 second'
    );
end
$$;

comment on function postbell_private.requeue(bigint[]) is
    'Puts the unsettled deliveries of a finished batch into a new batch, one second later. They were locked by another transaction, or timed out.';


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
    'Finishes a batch; unsettled deliveries go into a new one. Returns false if the claim does not hold.';


create or replace function postbell_private.stop_undeliverable(delivery_ids bigint[]) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_channel postbell.channel;
begin
    -- A batch has one channel.
    select channel.* into v_channel
    from postbell.open_delivery as d
    join postbell.channel on channel.name = d.channel
    where d.id = any(delivery_ids)
    limit 1;
    if not found then
        return;
    end if;

    -- Materialized: the query below uses the ladder's answer several times, and would compute it each time.
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
                -- The actor and quiet hours were decided by the router, and stay so.
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
                -- Channels that keep messages deliver what was decided.
                is_off => not v_channel.is_kept and choice.is_off,
                is_muted => silence.is_muted,
                is_quiet => false,
                is_critical => false,
                is_kept => v_channel.is_kept
            ) as answer
        from postbell.open_delivery as d
        -- Left joins: rows may have been deleted. A delivery without a result would stay without a batch or a due time.
        left join postbell_private.notification as n on n.id = d.notification_id
        left join postbell.event_type as kind on kind.key = d.event
        left join postbell.tenant_event as of_tenant on of_tenant.tenant_id = d.tenant_id and of_tenant.event = d.event
        left join postbell.tenant as tenant on tenant.id = d.tenant_id
        left join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
        cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as cancellation
        -- OFFSET 0: normal_address() names its argument twice, and would not be inlined with a function call there.
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

    -- Locks only what changes, and skips deliveries that are being cancelled.
    affected as (
        select decided.*
        from decided
        join postbell.open_delivery as d on d.id = decided.id
        where (decided.reason is not null or decided.falls_silent)
          and d.state in ('queued', 'sending')
        for update of d skip locked
    ),

    changed as (
        update postbell.open_delivery as d set
            state = case
                when affected.reason is null then d.state
                else postbell_private.settled_state(
                    d.sent_at, case when affected.reason in ('cancelled', 'expired') then affected.reason else 'skipped' end
                )
            end,
            reason = coalesce(affected.reason, d.reason),
            is_silent = d.is_silent or affected.falls_silent,
            -- Silencing is a new decision; stopping leaves the decision and sets the reason.
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
    'Stops queued deliveries that must not be sent any more: cancelled, expired, or dropped by the ladder because something has changed since, such as a disabled event, an erased person, a suppressed address or a preference. It asks the ladder again, so that changes apply to queued deliveries, too. Muted inbox items are kept silently.';


create or replace function postbell_private.start_sending(
    batch_id bigint, claim_token uuid, delivery_ids bigint[], providers text[] default null
) returns bigint[]
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- Locked: a dispatcher that claims the batch next waits until these are marked as sending.
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
    v_started bigint[];
begin
    if v_carried is null then
        return null;
    end if;

    -- After a crash no second copy may be sent, so the state must be on disk before the first is.
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
        from postbell.open_delivery
        where id = any(start_sending.delivery_ids)
          and id = any(v_carried)
          and state in ('queued', 'sending')
        for update skip locked
    ),

    started as (
        update postbell.open_delivery as d set
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
    'Marks deliveries as sending before their provider is called, and returns those that may be sent; null if the claim does not hold. After a crash only the outcome of these is unknown. providers: the provider of each.';


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
    'Gives up deliveries of a batch without calling a provider, for instance because their template failed. They become dead letters. Returns false if the claim does not hold.';


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

    -- The argument needs its full name: "batch" alone is the row of the table, and every row would match.
    delete from postbell.batch where id = (split_batch.batch).id;
end
$$;

comment on function postbell_private.split_batch(postbell.batch) is 'Splits a batch into batches of one delivery each. A delivery that is alone already is given up.';


create or replace function postbell_private.mark_unknown(delivery_ids bigint[]) returns void
-- Not in language sql, which is planned at each call before PostgreSQL 18.
language plpgsql
as $$
#variable_conflict use_column
begin
    -- Locks in order of id, as everywhere. Usually nothing is in flight.
    perform
    from postbell.open_delivery
    where id = any(mark_unknown.delivery_ids)
      and state = 'sending'
    order by id
    for update;
    if not found then
        return;
    end if;

    with in_doubt as (
        update postbell.open_delivery as d set
            state = postbell_private.settled_state(d.sent_at, 'unknown'),
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
    'Marks deliveries as unknown that were in flight when their dispatcher ended or was presumed dead. They may have been sent, so they are not sent again. A receipt or the timeout of their channel settles them.';


create or replace function postbell_private.record_unknown(delivery_ids bigint[]) returns void
language sql
as $$
    insert into postbell.attempt (delivery_id, outcome, provider, reason)
    select id, 'unknown', coalesce(provider, 'unknown'), 'the dispatcher ended while the provider was being called'
    from postbell.open_delivery
    where id = any(delivery_ids)
      and state = 'sending'
$$;

comment on function postbell_private.record_unknown(bigint[]) is
    'Records an unknown attempt for deliveries that were in flight when their dispatcher ended. Their provider may have accepted them, and its receipts are valid.';


create or replace function postbell_private.devices_of(delivery postbell.delivery) returns jsonb
-- Not in language sql, which is planned at each call before PostgreSQL 18.
language plpgsql stable
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object('id', device.id, 'endpoint', device.endpoint, 'p256dh', device.p256dh, 'auth', device.auth)
                order by device.id
            ),
            '[]'
        )
        from postbell.push_subscription as device
        where device.tenant_id = (delivery).tenant_id
          and device.recipient_id = (delivery).recipient_id
          and not exists (
              select
              from postbell.attempt as earlier
              where earlier.delivery_id = (delivery).id
                and earlier.device = device.id::text
                -- A device that refused is called again only after postbell.retry(), which resets attempts.
                and (
                    earlier.outcome = 'sent'
                    or earlier.outcome = 'refused' and (delivery).attempts + ((delivery).state = 'queued')::integer > 1
                )
          )
    );
end
$$;

comment on function postbell_private.devices_of(postbell.delivery) is
    'Returns the devices that a push still has to reach, without those that an earlier attempt settled: [{"id": 1, "endpoint": "https://…", "p256dh": "…", "auth": "…"}].';


create or replace function postbell_private.claimed_deliveries(batch postbell.batch, started bigint[], with_identities boolean)
returns table (
    claim_token uuid, delivery_id bigint, identity text, notification_id bigint, tenant_id text, recipient_id text,
    event text, category text, channel text, priority text, state text, subject text, payload jsonb,
    address text, locale text, time_zone text, attributes jsonb,
    attempts smallint, created_at timestamptz, expires_at timestamptz, is_started boolean, is_forced boolean,
    tracking text[], devices jsonb
)
-- Not in language sql, which is planned at each call before PostgreSQL 18.
language plpgsql stable
as $$
#variable_conflict use_column
declare
    v_address_kind constant text := (select address_kind from postbell.channel where name = (batch).channel);
begin
    return query
    select
        (batch).claim_token, d.id, case when with_identities then postbell_private.identity_of(d) else '' end,
        d.notification_id, d.tenant_id, d.recipient_id,
        d.event, kind.category, d.channel::text, d.priority::text, d.state::text, n.subject, n.payload,
        reach.address, person.locale, person.time_zone, nullif(person.attributes, '{}'),
        d.attempts, d.created_at, n.expires_at, d.id = any(started), d.decision_reason = 'forced',
        case when person.tracking_refused_at is null then nullif(tenant.tracking, '{}') end,
        case when v_address_kind = 'device' then postbell_private.devices_of(d) end
    from unnest((batch).delivery_ids) as carried (id)
    join postbell.open_delivery as d on d.id = carried.id
    join postbell_private.notification as n on n.id = d.notification_id
    join postbell.event_type as kind on kind.key = d.event
    join postbell.tenant as tenant on tenant.id = d.tenant_id
    join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
    cross join lateral postbell_private.address_of(
        v_address_kind, person.tenant_id, person.id, person.email, person.phone
    ) as reach
    where d.state in ('queued', 'sending')
    order by d.id;
end
$$;

comment on function postbell_private.claimed_deliveries(postbell.batch, bigint[], boolean) is
    'Returns the unsettled deliveries of a claimed batch, with all that rendering and sending needs. For the columns see postbell_private.claim_batch().';


create or replace function postbell_private.claim_batch(
    batch_id bigint, batch_channel text, start_sending integer default 0, provider text default null,
    with_identities boolean default true
)
returns table (
    claim_token uuid, delivery_id bigint, identity text, notification_id bigint, tenant_id text, recipient_id text,
    event text, category text, channel text, priority text, state text, subject text, payload jsonb,
    address text, locale text, time_zone text, attributes jsonb,
    attempts smallint, created_at timestamptz, expires_at timestamptz, is_started boolean, is_forced boolean,
    tracking text[], devices jsonb
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
    -- A claim that is lost in a crash is made again, so the commit need not wait for the disk. It is set for the
    -- transaction, because a setting of the function would be reset before the commit.
    perform set_config('synchronous_commit', 'off', true);

    update postbell.batch set
        claims = claims + 1,
        claim_token = gen_random_uuid(),
        claimed_at = clock_timestamp()
    where id = claim_batch.batch_id
      -- The job of a batch that a crash undid may name an id that another batch has now.
      and channel = claim_batch.batch_channel
    returning * into v_batch;
    if not found then
        return;
    end if;

    select * into v_channel
    from postbell.channel
    where name = v_batch.channel;

    -- Deliveries that are in flight at this point were started by an earlier claim.
    if v_channel.crash_policy = 'await_receipt' then
        perform postbell_private.mark_unknown(v_batch.delivery_ids);
    elsif v_batch.claims > 1 then
        perform postbell_private.record_unknown(v_batch.delivery_ids);
    end if;

    -- Claimed this often and never finished, some delivery probably crashes the dispatcher. It is isolated from the others.
    if v_batch.claims > v_most_claims then
        perform postbell_private.split_batch(v_batch);
        return;
    end if;

    perform postbell_private.stop_undeliverable(v_batch.delivery_ids[claim_batch.start_sending + 1:]);

    -- The first deliveries may be started here, so that a single message is claimed and started in one call.
    if claim_batch.start_sending > 0 then
        v_started := postbell_private.start_sending(
            v_batch.id, v_batch.claim_token, v_batch.delivery_ids[:claim_batch.start_sending],
            array_fill(claim_batch.provider, array[claim_batch.start_sending])
        );
    end if;

    return query
    select * from postbell_private.claimed_deliveries(v_batch, v_started, with_identities);
    if not found then
        perform postbell_private.finish_batch(v_batch.id, v_batch.claim_token);
    end if;
end
$$;

comment on function postbell_private.claim_batch(bigint, text, integer, text, boolean) is
    'Claims a batch and returns its unsettled deliveries, with all that rendering needs; no row if all are settled. The first start_sending deliveries are marked as sending (is_started), with the given provider. Others in state sending were in flight when a dispatcher died; where crash_policy is await_receipt, they become unknown and are not returned. claim_token is an argument of every function that starts or records deliveries of the batch. Without with_identities, identity is empty. devices: see postbell_private.devices_of(); null on other channels than push.';


create or replace function postbell_private.keep_claims(batch_ids bigint[], claim_tokens uuid[]) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update postbell.batch as b set
        claimed_at = clock_timestamp()
    from unnest(keep_claims.batch_ids, keep_claims.claim_tokens) as kept (id, token)
    where b.id = kept.id
      and b.claim_token = kept.token;
end
$$;

comment on function postbell_private.keep_claims(bigint[], uuid[]) is
    'Records that claimed batches without a queue job are still being delivered, so that postbell_private.sweep() inserts no job for them.';
