create or replace function postbell.record_pushes(
    batch_id bigint, claim_token uuid,
    delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], reasons text[],
    retry_after double precision[], tries json, versions jsonb default '{}'
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell.lock_batch(batch_id, claim_token);
    -- A device that was reached is so, also of a person whose others were not.
    v_tried_ids constant bigint[] := postbell.recordable(
        v_carried, delivery_ids, identities, array_replace(outcomes, 'partly', 'sent')
    );
    v_settled_ids constant bigint[] := postbell.recordable(v_carried, delivery_ids, identities, outcomes);
begin
    perform postbell.require_durable_commit();

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

    perform postbell.settle(
        v_settled_ids, outcomes, providers, message_ids, reasons, retry_after,
        array_fill(null::text, array[cardinality(delivery_ids)]), versions
    );
    return v_carried is not null;
end
$$;

comment on function postbell.record_pushes is
    'Writes down what the push services answered, device by device, and what the deliveries came to: as postbell.settle() takes it; a retry without a time settles nothing. A device that is gone is forgotten. identities: postbell.identity_of() each. tries: [{"delivery_id": 1, "device": 2, "outcome": "sent", "provider": "webpush", "message_id": null, "code": "201", "reason": null, "latency_ms": 9, "is_gone": false}]; versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}. False if the claim does not hold: then only what was sent is written down.';
