create or replace function postbell_private.settled_state(sent_at timestamptz, otherwise text) returns text
language sql immutable parallel safe
return case when sent_at is null then otherwise else 'sent' end;

comment on function postbell_private.settled_state(timestamptz, text) is
    'Returns the state of a delivery that is not sent again: sent if it was sent before, as a push that has reached one device of the person, else the given state.';


create or replace function postbell_private.suppress_addresses(delivery_ids bigint[], blames text[], reasons text[]) returns void
language plpgsql
as $$
begin
    perform postbell_private.suppress_for_longer(array(
        select distinct on (d.tenant_id, d.channel, suppressed.address)
            row(
                d.tenant_id, d.channel, suppressed.address,
                case blamed.blame when 'stop' then 'stop' else 'bounce' end,
                left(blamed.reason, 1000), postbell.clock(), postbell_private.suppressed_until(blamed.blame)
            )::postbell.suppression
        from unnest(suppress_addresses.delivery_ids, suppress_addresses.blames, suppress_addresses.reasons)
            as blamed (delivery_id, blame, reason)
        join postbell.delivery as d on d.id = blamed.delivery_id
        join postbell.channel on channel.name = d.channel
        join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
        cross join lateral postbell_private.address_of(
            channel.address_kind, person.tenant_id, person.id, person.email, person.phone
        ) as reach
        cross join lateral (select postbell_private.normal_address(channel.address_kind, reach.address) as address) as suppressed
        where postbell_private.suppressed_until(blamed.blame) is not null
          and suppressed.address is not null
    ));
end
$$;

comment on function postbell_private.suppress_addresses(bigint[], text[], text[]) is
    'Suppresses the addresses of deliveries. blames: how each is at fault, see postbell_private.suppressed_until().';


create or replace function postbell_private.note_devices(delivery_ids bigint[], devices bigint[], are_gone boolean[]) returns void
language plpgsql
as $$
begin
    -- Joined by person, because after a crash another device may have the id. Locked devices are skipped.
    with own as materialized (
        select device.id, called.is_gone
        from unnest(note_devices.delivery_ids, note_devices.devices, note_devices.are_gone) as called (delivery_id, device, is_gone)
        join postbell.delivery as d on d.id = called.delivery_id
        join postbell.push_subscription as device
            on device.id = called.device
            and device.tenant_id = d.tenant_id
            and device.recipient_id = d.recipient_id
        -- Updated once an hour, and not with every message.
        where called.is_gone
           or device.last_reached_at > clock_timestamp() - interval '1 hour' is not true
        for update of device skip locked
    ),

    reached as (
        update postbell.push_subscription set
            last_reached_at = clock_timestamp()
        where id in (select id from own where not is_gone)
    )

    delete from postbell.push_subscription
    where id in (select id from own where is_gone);
end
$$;

comment on function postbell_private.note_devices(bigint[], bigint[], boolean[]) is
    'Notes when devices were last reached, and deletes those that are gone.';


-- These two are functions of their own because a statement locks every leaf of the tables that it might read.
create or replace function postbell_private.has_identity(delivery_id bigint, identity text) returns boolean
language plpgsql stable
as $$
#variable_conflict use_column
begin
    return exists (
        select
        from postbell.delivery as d
        where d.id = has_identity.delivery_id
          and postbell_private.identity_of(d) = has_identity.identity
    );
end
$$;

comment on function postbell_private.has_identity(bigint, text) is 'Whether a delivery is the one that had an identity.';


create or replace function postbell_private.is_attempt_known(
    delivery_id bigint, outcome text, provider text, message_id text, device text
) returns boolean
language plpgsql stable
as $$
#variable_conflict use_column
begin
    return exists (
        select
        from postbell.attempt as earlier
        where earlier.delivery_id = is_attempt_known.delivery_id
          and earlier.outcome = is_attempt_known.outcome
          and earlier.provider = is_attempt_known.provider
          and earlier.provider_message_id is not distinct from is_attempt_known.message_id
          and earlier.device is not distinct from is_attempt_known.device
    );
end
$$;

comment on function postbell_private.is_attempt_known is 'Whether an attempt is recorded already.';


create or replace function postbell_private.record_attempts(
    batch_id bigint, claim_token uuid, attempts json, versions jsonb default '{}'
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
    v_found record;
begin
    perform postbell_private.require_durable_commit();

    with tried as materialized (
        select *
        from json_to_recordset(record_attempts.attempts) as t (
            delivery_id bigint, identity text, outcome text, retry_after double precision,
            provider text, message_id text, reason text, blame text, calls json
        )
        where case
            when v_carried is not null then delivery_id = any(v_carried)
            -- "sent" is recorded without a claim, too. After a crash another delivery may have the id; hence the identity.
            else outcome = 'sent' and postbell_private.has_identity(delivery_id, identity)
        end
    ),

    called as materialized (
        select tried.delivery_id, call.*
        from tried
        cross join lateral json_to_recordset(tried.calls) as call (
            device bigint, outcome text, provider text, message_id text, code text, reason text, latency_ms real, is_gone boolean
        )
        where v_carried is not null
           or call.outcome = 'sent'
    ),

    logged as (
        insert into postbell.attempt (delivery_id, outcome, provider, provider_message_id, code, reason, device, latency_ms)
        select delivery_id, outcome, provider, message_id, code, left(reason, 1000), device, latency_ms
        from called
        where outcome <> 'sent'
           -- In flight, so this attempt is not recorded yet. A retried dead letter may get the same answer as before.
           or v_carried is not null and exists (
               select
               from postbell.open_delivery as d
               where d.id = called.delivery_id
                 and d.state = 'sending'
           )
           -- A dispatcher that missed the answer to its commit records the same again, with or without the claim.
           or not postbell_private.is_attempt_known(delivery_id, outcome, provider, message_id, device::text)
    ),

    settled as (
        update postbell.open_delivery as d set
            state = case
                when tried.retry_after is not null then 'waiting'
                else postbell_private.settled_state(d.sent_at, tried.outcome)
            end,
            reason = left(tried.reason, 1000),
            provider = tried.provider,
            provider_message_id = coalesce(tried.message_id, d.provider_message_id),
            template_version = coalesce(versions ->> d.id::text, versions ->> d.event, d.template_version),
            sent_at = case when tried.outcome = 'sent' then coalesce(d.sent_at, clock_timestamp()) else d.sent_at end,
            due_at = coalesce(clock_timestamp() + make_interval(secs => tried.retry_after), d.due_at)
        from tried
        where d.id = tried.delivery_id
          -- "sent" counts in any state before it, with or without a claim; all else counts in flight.
          and case
              when tried.outcome = 'held' then false
              when tried.outcome = 'sent' and tried.retry_after is null then d.state in ('queued', 'sending', 'waiting', 'unknown')
              else v_carried is not null and d.state = 'sending'
          end
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
        array(select delivery_id from tried) as delivery_ids,
        array(select message_id from tried) as message_ids,
        exists (select from settled where state = 'waiting') as is_waiting,
        blamed.*,
        noted.*
    into v_found
    from (
        select array_agg(id) as blamed, array_agg(blame) as blames, array_agg(reason) as reasons
        from settled
        where blame is not null
    ) as blamed
    cross join (
        select array_agg(delivery_id) as reached, array_agg(device) as devices, array_agg(is_gone) as are_gone
        from called
        where device is not null
          and (outcome = 'sent' or is_gone)
    ) as noted;

    if v_found.devices is not null then
        perform postbell_private.note_devices(v_found.reached, v_found.devices, v_found.are_gone);
    end if;
    if v_found.blamed is not null then
        perform postbell_private.suppress_addresses(v_found.blamed, v_found.blames, v_found.reasons);
    end if;
    -- A sleeping router does not know of the new due times.
    if v_found.is_waiting then
        perform pg_notify('postbell_wake', '');
    end if;
    perform postbell_private.match_receipts(v_found.delivery_ids, v_found.message_ids);
    return v_carried is not null;
end
$$;

comment on function postbell_private.record_attempts(bigint, uuid, json, jsonb) is
    'Records attempts on any outgoing channel and settles their deliveries, in bulk. attempts: [{"delivery_id": 1, "identity": postbell_private.identity_of() of it, "outcome": "sent", "retry_after": null, "provider": "main", "message_id": "m1", "reason": null, "blame": null, "calls": […]}], one for each delivery. outcome: sent, retry, refused, unknown, failed; or held: only its calls are logged, and postbell_private.hold_deliveries() holds it. retry_after: seconds until the next attempt, null if there is none; after sent, the next is for the devices not reached. blame: how the address is at fault, see postbell_private.suppressed_until(), or null. calls: [{"device": null, "outcome": "sent", "provider": "main", "message_id": "m1", "code": "250", "reason": null, "latency_ms": 9, "is_gone": false}], one for each call of a provider, with the outcome of its row in postbell.attempt; a device that is_gone is deleted. versions: the template versions, by event, and by delivery id where one differs, {"order.paid": "…"}. Returns false if the claim does not hold; then only what was sent is recorded.';


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
        update postbell.open_delivery as d set
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

    update postbell.open_delivery set
        provider = record_failover.provider
    where id = record_failover.delivery_id
      and id = any(v_carried)
      and state = 'sending';
    return found;
end
$$;

comment on function postbell_private.record_failover(bigint, uuid, bigint, text) is
    'Records that another provider is about to be called for a delivery in flight, so that after a crash no other provider is. Returns false if it must not be called: the delivery is not in flight, or the claim does not hold.';
