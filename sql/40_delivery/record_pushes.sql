create or replace function postbell.record_pushes(
    delivery_ids bigint[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[],
    tries json, versions jsonb default '{}'
) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    with tried as materialized (
        select *
        from json_to_recordset(tries) as t (
            delivery_id bigint, device bigint, outcome text, provider text, message_id text, code text, reason text,
            latency_ms real, is_gone boolean
        )
    ),

    logged as (
        insert into postbell.attempt (delivery_id, outcome, provider, provider_message_id, code, reason, device, latency_ms)
        select delivery_id, outcome, provider, message_id, code, left(reason, 1000), device, latency_ms
        from tried
    ),

    reached as (
        -- To the hour: a row need not change with every message. And nobody waits for anybody over it.
        update postbell.push_subscription set
            last_reached_at = clock_timestamp()
        where id in (
            select id
            from postbell.push_subscription
            where id in (select device from tried where outcome = 'sent')
              and last_reached_at > clock_timestamp() - interval '1 hour' is not true
            for update skip locked
        )
    )

    delete from postbell.push_subscription
    where id in (
        select id
        from postbell.push_subscription
        where id in (select device from tried where is_gone)
        for update skip locked
    );

    perform postbell.settle(
        delivery_ids, outcomes, providers, message_ids, reasons, retry_after,
        array_fill(null::text, array[cardinality(delivery_ids)]), versions
    );
end
$$;

comment on function postbell.record_pushes is
    'Writes down what the push services answered, device by device, and what the deliveries came to: as postbell.settle() takes it; a retry without a time settles nothing. A device that is gone is forgotten. tries: [{"delivery_id": 1, "device": 2, "outcome": "sent", "provider": "webpush", "message_id": null, "code": "201", "reason": null, "latency_ms": 9, "is_gone": false}]; versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}.';
