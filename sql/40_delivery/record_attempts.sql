create or replace function postbell.record_attempts(
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
    v_carried constant bigint[] := postbell.lock_batch(batch_id, claim_token);
    -- Null where it is not to be recorded, and so no delivery's.
    v_delivery_ids constant bigint[] := postbell.recordable(v_carried, delivery_ids, identities, outcomes);
begin
    perform postbell.require_durable_commit();

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

    perform postbell.settle(v_delivery_ids, outcomes, providers, message_ids, reasons, retry_after, suppressions, versions);
    perform postbell.match_receipts(v_delivery_ids, message_ids);
    return v_carried is not null;
end
$$;

comment on function postbell.record_attempts is
    'Writes down what providers answered, in bulk: sent, retry (after so many seconds), refused, unknown (with seconds: and tried again) or failed. A retry without seconds was passed on to the next provider and settles nothing. identities: postbell.identity_of() each. suppressions: what is to blame the address itself for, see postbell.suppressed_until(), or null. versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}. False if the claim does not hold: then only what was sent is written down.';
