create or replace function postbell_private.recordable(
    carried bigint[], delivery_ids bigint[], identities text[], outcomes text[]
) returns bigint[]
-- Not in SQL, which PostgreSQL plans anew at each call before version 18.
language plpgsql stable
as $$
begin
    -- As nearly always.
    if recordable.carried @> recordable.delivery_ids then
        return recordable.delivery_ids;
    end if;
    return (
        select array_agg(
            case
                when recordable.carried is not null then case when tried.id = any(recordable.carried) then tried.id end
                -- That it was sent is true whoever says so. Of this very delivery: after a crash its id may be another's.
                when tried.outcome = 'sent' then (
                    select d.id
                    from postbell.delivery as d
                    where d.id = tried.id
                      and postbell_private.identity_of(d) = tried.identity
                )
            end
            order by tried.position
        )
        from unnest(recordable.delivery_ids, recordable.identities, recordable.outcomes)
        with ordinality as tried (id, identity, outcome, position)
    );
end
$$;

comment on function postbell_private.recordable(bigint[], bigint[], text[], text[]) is
    'The delivery ids of which an outcome may be recorded, and null in place of the others. carried: the deliveries of the batch; null if the claim on it does not hold.';


create or replace function postbell_private.settle(
    delivery_ids bigint[], outcomes text[], providers text[], message_ids text[], reasons text[],
    retry_after double precision[], suppressions text[],
    versions jsonb default '{}'
) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_waiting bigint;
    v_suppressed postbell.suppression[];
begin
    with tried as materialized (
        select *, outcome in ('retry', 'partly') or outcome = 'unknown' and retry_after is not null as is_for_later
        from unnest(delivery_ids, outcomes, providers, message_ids, reasons, retry_after, suppressions)
            as t (delivery_id, outcome, provider, message_id, reason, retry_after, blame)
    ),

    settled as (
        update postbell.delivery as d set
            state = case
                when tried.is_for_later then 'waiting'
                -- What has reached one device of a person is sent, whatever becomes of the others.
                when d.sent_at is not null then 'sent'
                else tried.outcome
            end,
            reason = left(tried.reason, 1000),
            provider = tried.provider,
            provider_message_id = coalesce(tried.message_id, d.provider_message_id),
            template_version = coalesce(versions ->> d.id::text, versions ->> d.event, d.template_version),
            sent_at = case when tried.outcome in ('sent', 'partly') then coalesce(d.sent_at, clock_timestamp()) else d.sent_at end,
            due_at = case
                when tried.is_for_later then clock_timestamp() + make_interval(secs => tried.retry_after)
                else d.due_at
            end
        from tried
        where d.id = tried.delivery_id
          -- Without a time, the next provider was asked at once: what that one said counts.
          and (tried.outcome <> 'retry' or tried.retry_after is not null)
          -- That it was sent is true whoever says so; the rest is for the one in whose hands it still is.
          and (d.state = 'sending' or tried.outcome = 'sent' and d.state in ('queued', 'waiting', 'unknown'))
        returning d.id, d.tenant_id, d.recipient_id, d.channel, d.state, d.due_at, tried.blame, tried.reason
    ),

    waiting as (
        insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
        select id, tenant_id, recipient_id, true, due_at
        from settled
        where state = 'waiting'
        on conflict (delivery_id) do nothing
    ),

    -- Not sent again, for it may have been sent: a report settles it, or the end of our patience.
    in_doubt as (
        insert into postbell_private.unknown_delivery (delivery_id, due_at)
        select settled.id, clock_timestamp() + channel.unknown_timeout
        from settled
        join postbell.channel on channel.name = settled.channel
        where settled.state = 'unknown'
        on conflict (delivery_id) do update set due_at = excluded.due_at
    ),

    dead as (
        insert into postbell.dead_letter (delivery_id)
        select id
        from settled
        where state in ('failed', 'refused')
        on conflict (delivery_id) do nothing
    )

    select
        (select count(*) from settled where state = 'waiting'),
        array(
            select distinct on (settled.tenant_id, settled.channel, suppressed.address)
                row(
                    settled.tenant_id, settled.channel, suppressed.address,
                    case settled.blame when 'stop' then 'stop' else 'bounce' end,
                    left(settled.reason, 1000), postbell.clock(), postbell_private.suppressed_until(settled.blame)
                )::postbell.suppression
            from settled
            join postbell.recipient as person
                on person.tenant_id = settled.tenant_id and person.id = settled.recipient_id
            join postbell.channel on channel.name = settled.channel
            cross join lateral postbell_private.address_of(
                channel.address_kind, person.tenant_id, person.id, person.email, person.phone
            ) as reach
            cross join lateral (select postbell_private.normal_address(channel.address_kind, reach.address) as address) as suppressed
            where postbell_private.suppressed_until(settled.blame) is not null
              and suppressed.address is not null
        )
    into v_waiting, v_suppressed;

    if cardinality(v_suppressed) > 0 then
        perform postbell_private.suppress_for_longer(v_suppressed);
    end if;

    -- A sleeping router knows of no due time that came up since.
    if v_waiting > 0 then
        perform pg_notify('postbell_wake', '');
    end if;
end
$$;

comment on function postbell_private.settle is
    'What becomes of deliveries that were tried: sent, retry or partly (again after so many seconds; partly: some devices were reached), refused, unknown (with seconds: and tried again) or failed. suppressions: what is to blame the address itself for, see postbell_private.suppressed_until(), or null. versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}.';


create or replace function postbell_private.record_attempts(
    batch_id bigint, claim_token uuid,
    delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], codes text[],
    reasons text[], retry_after double precision[], latencies_ms real[], suppressions text[],
    versions jsonb default '{}'
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
    -- Null where it is not to be recorded, and so no delivery's.
    v_delivery_ids constant bigint[] := postbell_private.recordable(v_carried, delivery_ids, identities, outcomes);
begin
    perform postbell_private.require_durable_commit();

    insert into postbell.attempt (delivery_id, outcome, provider, provider_message_id, code, reason, latency_ms)
    select delivery_id, outcome, provider, message_id, code, left(reason, 1000), latency_ms
    from unnest(v_delivery_ids, outcomes, providers, message_ids, codes, reasons, latencies_ms)
        as tried (delivery_id, outcome, provider, message_id, code, reason, latency_ms)
    where delivery_id is not null
      and (
          v_carried is not null and outcome <> 'sent'
          -- In flight: nobody has said so of this try. A dead letter that is sent again may get the same answer as before.
          or v_carried is not null and exists (
              select
              from postbell.delivery as d
              where d.id = tried.delivery_id
                and d.state = 'sending'
          )
          -- Said again by one that did not hear us commit, whether its claim still holds or not.
          or not exists (
              select
              from postbell.attempt as earlier
              where earlier.delivery_id = tried.delivery_id
                and earlier.outcome = tried.outcome
                and earlier.provider = tried.provider
                and earlier.provider_message_id is not distinct from tried.message_id
          )
      );

    perform postbell_private.settle(v_delivery_ids, outcomes, providers, message_ids, reasons, retry_after, suppressions, versions);
    perform postbell_private.match_receipts(v_delivery_ids, message_ids);
    return v_carried is not null;
end
$$;

comment on function postbell_private.record_attempts is
    'Writes down what providers answered, in bulk: sent, retry (after so many seconds), refused, unknown (with seconds: and tried again) or failed. A retry without seconds was passed on to the next provider and settles nothing. identities: postbell_private.identity_of() each. suppressions: what is to blame the address itself for, see postbell_private.suppressed_until(), or null. versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}. False if the claim does not hold: then only what was sent is written down.';


create or replace function postbell_private.record_pushes(
    batch_id bigint, claim_token uuid,
    delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], reasons text[],
    retry_after double precision[], tries json, versions jsonb default '{}'
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
    -- A device that was reached is so, also of a person whose others were not.
    v_tried_ids constant bigint[] := postbell_private.recordable(
        v_carried, delivery_ids, identities, array_replace(outcomes, 'partly', 'sent')
    );
    v_settled_ids constant bigint[] := postbell_private.recordable(v_carried, delivery_ids, identities, outcomes);
begin
    perform postbell_private.require_durable_commit();

    with tried as materialized (
        select t.*, d.tenant_id, d.recipient_id
        from json_to_recordset(tries) as t (
            delivery_id bigint, device bigint, outcome text, provider text, message_id text, code text, reason text,
            latency_ms real, is_gone boolean
        )
        join postbell.delivery as d on d.id = t.delivery_id
        where d.id = any(v_tried_ids)
          and (
              v_carried is not null and t.outcome <> 'sent'
              or t.outcome = 'sent' and not exists (
                  -- Said again by one that did not hear us commit, whether its claim still holds or not.
                  select
                  from postbell.attempt as earlier
                  where earlier.delivery_id = t.delivery_id
                    and earlier.device = t.device::text
                    and earlier.outcome = 'sent'
              )
          )
    ),

    logged as (
        insert into postbell.attempt (delivery_id, outcome, provider, provider_message_id, code, reason, device, latency_ms)
        select delivery_id, outcome, provider, message_id, code, left(reason, 1000), device, latency_ms
        from tried
    ),

    -- The person's own: a device's id, too, may be another's after a crash. And nobody waits for anybody over it.
    own as materialized (
        select device.id, tried.outcome, tried.is_gone
        from tried
        join postbell.push_subscription as device
            on device.id = tried.device
            and device.tenant_id = tried.tenant_id
            and device.recipient_id = tried.recipient_id
        -- To the hour: a row need not change with every message.
        where tried.is_gone
           or tried.outcome = 'sent'
          and device.last_reached_at > clock_timestamp() - interval '1 hour' is not true
        for update of device skip locked
    ),

    reached as (
        update postbell.push_subscription set
            last_reached_at = clock_timestamp()
        where id in (select id from own where outcome = 'sent')
    )

    delete from postbell.push_subscription
    where id in (select id from own where is_gone);

    -- No device's answer was the last word: it is the delivery that has no more tries.
    if 'failed' = any(outcomes) then
        insert into postbell.delivery_step (delivery_id, what, reason)
        select d.id, 'given_up', left(pushed.reason, 1000)
        from unnest(v_settled_ids, outcomes, reasons) as pushed (id, outcome, reason)
        join postbell.delivery as d on d.id = pushed.id
        where pushed.outcome = 'failed'
          and d.state = 'sending';
    end if;

    perform postbell_private.settle(
        v_settled_ids, outcomes, providers, message_ids, reasons, retry_after,
        array_fill(null::text, array[cardinality(delivery_ids)]), versions
    );
    return v_carried is not null;
end
$$;

comment on function postbell_private.record_pushes is
    'Writes down what the push services answered, device by device, and what the deliveries came to: as postbell_private.settle() takes it; a retry without a time settles nothing. A device that is gone is forgotten. identities: postbell_private.identity_of() each. tries: [{"delivery_id": 1, "device": 2, "outcome": "sent", "provider": "webpush", "message_id": null, "code": "201", "reason": null, "latency_ms": 9, "is_gone": false}]; versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}. False if the claim does not hold: then only what was sent is written down.';


create or replace function postbell_private.hold_deliveries(
    batch_id bigint, claim_token uuid,
    delivery_ids bigint[], seconds double precision[], begun boolean[], reasons text[]
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

    with held as (
        update postbell.delivery as d set
            state = 'waiting',
            reason = left(given.reason, 1000),
            -- The try that was begun is given back: that there is no provider is not the message's fault.
            attempts = d.attempts - given.is_begun::integer,
            due_at = clock_timestamp() + make_interval(secs => given.seconds)
        from unnest(
            hold_deliveries.delivery_ids, hold_deliveries.seconds, hold_deliveries.begun, hold_deliveries.reasons
        ) as given (id, seconds, is_begun, reason)
        where d.id = given.id
          and d.id = any(v_carried)
          and d.state in ('queued', 'sending')
        returning d.id, d.tenant_id, d.recipient_id, d.due_at
    )
    insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
    select id, tenant_id, recipient_id, true, due_at
    from held
    on conflict (delivery_id) do nothing;

    -- A sleeping router knows of no due time that came up since.
    if found then
        perform pg_notify('postbell_wake', '');
    end if;
    return true;
end
$$;

comment on function postbell_private.hold_deliveries is
    'Puts deliveries of a batch aside for so many seconds, because no provider takes them now. It costs them no try: where one was begun, it is given back. False if the claim does not hold.';


create or replace function postbell_private.record_failover(batch_id bigint, claim_token uuid, delivery_id bigint, provider text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
begin
    perform postbell_private.require_durable_commit();

    update postbell.delivery set
        provider = record_failover.provider
    where id = record_failover.delivery_id
      and id = any(v_carried)
      and state = 'sending';
    return found;
end
$$;

comment on function postbell_private.record_failover(bigint, uuid, bigint, text) is
    'Writes down that a delivery in flight is about to be handed to another provider than the one it was started for: after a crash nobody else may get it. False if it must not be: it is not in flight, or the claim does not hold.';
