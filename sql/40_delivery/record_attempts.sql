create or replace function postbell.record_attempts(
    delivery_ids bigint[], outcomes text[], providers text[], message_ids text[], codes text[], reasons text[],
    retry_after double precision[], latencies_ms real[], suppressions text[],
    versions jsonb default '{}'
) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    insert into postbell.attempt (delivery_id, outcome, provider, provider_message_id, code, reason, latency_ms)
    select delivery_id, outcome, provider, message_id, code, left(reason, 1000), latency_ms
    from unnest(delivery_ids, outcomes, providers, message_ids, codes, reasons, latencies_ms)
        as tried (delivery_id, outcome, provider, message_id, code, reason, latency_ms);

    perform postbell.settle(delivery_ids, outcomes, providers, message_ids, reasons, retry_after, suppressions, versions);
    perform postbell.match_receipts(delivery_ids, message_ids);
end
$$;

comment on function postbell.record_attempts is
    'Writes down what providers answered, in bulk: sent, retry (after so many seconds), refused, unknown (with seconds: and tried again) or failed. A retry without seconds was passed on to the next provider and settles nothing. suppressions: why the address itself is suppressed (bounce, stop), or null. versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}.';
