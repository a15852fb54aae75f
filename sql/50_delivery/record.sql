create or replace function postbell_private.settled_state(sent_at timestamptz, otherwise text) returns text
language sql immutable parallel safe
return case when sent_at is null then otherwise else 'sent' end;

comment on function postbell_private.settled_state(timestamptz, text) is
    'Returns the state of a delivery that is not sent again: sent if it was sent before, as a push that has reached one device of the person, else the given state.';


create or replace function postbell_private.recordable(
    carried bigint[], delivery_ids bigint[], identities text[], outcomes text[]
) returns bigint[]
-- Not in language sql, which is planned at each call before PostgreSQL 18.
language plpgsql stable
as $$
begin
    -- The usual case.
    if recordable.carried @> recordable.delivery_ids then
        return recordable.delivery_ids;
    end if;
    return (
        select array_agg(
            case
                when recordable.carried is not null then case when tried.id = any(recordable.carried) then tried.id end
                -- "sent" is recorded without a claim, too. After a crash another delivery may have the id; hence the identity.
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
    'Returns the delivery ids whose outcomes may be recorded, with null in place of the others. carried: the deliveries of the batch; null if the claim does not hold.';


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
                else postbell_private.settled_state(d.sent_at, tried.outcome)
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
          -- After a retry without a time the next provider was called at once, whose outcome counts.
          and (tried.outcome <> 'retry' or tried.retry_after is not null)
          -- "sent" counts in other states, too; other outcomes count only while the delivery is in flight.
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

    -- They may have been sent, so they are not sent again. A receipt or the timeout of their channel settles them.
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

    -- A sleeping router does not know of the new due times.
    if v_waiting > 0 then
        perform pg_notify('postbell_wake', '');
    end if;
end
$$;

comment on function postbell_private.settle is
    'Settles deliveries by the outcomes of their attempts: sent, retry or partly (again after retry_after seconds; partly: some devices were reached), refused, unknown (with retry_after: retried) or failed. suppressions: for each, how the address is at fault, see postbell_private.suppressed_until(), or null. versions: the template versions, by event, and by delivery id where one differs, {"order.paid": "…"}.';


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
    -- With null for those that may not be recorded.
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
          -- In flight, so this attempt is not recorded yet. A retried dead letter may get the same answer as before.
          or v_carried is not null and exists (
              select
              from postbell.delivery as d
              where d.id = tried.delivery_id
                and d.state = 'sending'
          )
          -- A dispatcher that missed the answer to its commit records the same again, with or without the claim.
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
    'Records attempts and settles their deliveries, in bulk. outcomes: sent, retry (after retry_after seconds), refused, unknown (with retry_after: retried) or failed; a retry without retry_after was passed on to the next provider and settles nothing. identities: postbell_private.identity_of() of each. suppressions: for each, how the address is at fault, see postbell_private.suppressed_until(), or null. versions: the template versions, by event, and by delivery id where one differs, {"order.paid": "…"}. Returns false if the claim does not hold; then only outcomes "sent" are recorded.';


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
    -- Devices that were reached are recorded even if others of the person were not.
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
                  -- A dispatcher that missed the answer to its commit records the same again, with or without the claim.
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

    -- Joined by person, because after a crash another device may have the id. Locked devices are skipped.
    own as materialized (
        select device.id, tried.outcome, tried.is_gone
        from tried
        join postbell.push_subscription as device
            on device.id = tried.device
            and device.tenant_id = tried.tenant_id
            and device.recipient_id = tried.recipient_id
        -- Updated once an hour, and not with every message.
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

    -- The delivery failed because it has no attempts left, not because of one device's answer.
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
    'Records attempts for each device and settles the push deliveries, with the outcomes of postbell_private.settle(); a retry without retry_after settles nothing. Devices that are gone are deleted. identities: postbell_private.identity_of() of each. tries: [{"delivery_id": 1, "device": 2, "outcome": "sent", "provider": "webpush", "message_id": null, "code": "201", "reason": null, "latency_ms": 9, "is_gone": false}]. versions: the template versions, by event, and by delivery id where one differs, {"order.paid": "…"}. Returns false if the claim does not hold; then only outcomes "sent" are recorded.';


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
            -- An attempt that was begun does not count, because no provider was available.
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

    -- A sleeping router does not know of the new due times.
    if found then
        perform pg_notify('postbell_wake', '');
    end if;
    return true;
end
$$;

comment on function postbell_private.hold_deliveries is
    'Holds deliveries of a batch for some seconds, because no provider is available. It does not count as an attempt, even if one was begun. Returns false if the claim does not hold.';


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
    'Records that another provider is about to be called for a delivery in flight, so that after a crash no other provider is. Returns false if it must not be called: the delivery is not in flight, or the claim does not hold.';
