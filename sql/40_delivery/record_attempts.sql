create or replace function postbell.record_attempts(
    delivery_ids bigint[], outcomes text[], provider text, message_ids text[], codes text[], reasons text[],
    retry_after double precision[], latencies_ms real[], at_fault boolean[]
) returns void
language plpgsql security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
    v_waiting bigint;
begin
    with tried as materialized (
        select *
        from unnest(delivery_ids, outcomes, message_ids, codes, reasons, retry_after, latencies_ms, at_fault)
            as t (delivery_id, outcome, message_id, code, reason, retry_after, latency_ms, is_at_fault)
    ),

    logged as (
        insert into postbell.attempt (delivery_id, outcome, provider, provider_message_id, code, reason, latency_ms)
        select delivery_id, outcome, record_attempts.provider, message_id, code, left(reason, 1000), latency_ms
        from tried
    ),

    settled as (
        update postbell.delivery as d set
            state = case tried.outcome when 'retry' then 'waiting' else tried.outcome end,
            reason = left(tried.reason, 1000),
            provider = record_attempts.provider,
            provider_message_id = coalesce(tried.message_id, d.provider_message_id),
            sent_at = case when tried.outcome = 'sent' then clock_timestamp() else d.sent_at end,
            due_at = case
                when tried.outcome = 'retry' then clock_timestamp() + make_interval(secs => tried.retry_after)
                else d.due_at
            end
        from tried
        where d.id = tried.delivery_id
          -- That it was sent is true whoever says so; the rest is for the one in whose hands it still is.
          and (d.state = 'sending' or tried.outcome = 'sent' and d.state in ('queued', 'waiting', 'unknown'))
        returning d.id, d.tenant_id, d.recipient_id, d.channel, d.state, d.due_at, tried.is_at_fault, tried.reason
    ),

    waiting as (
        insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
        select id, tenant_id, recipient_id, true, due_at
        from settled
        where state = 'waiting'
        on conflict (delivery_id) do nothing
    ),

    dead as (
        insert into postbell.dead_letter (delivery_id)
        select id
        from settled
        where state in ('failed', 'refused')
        on conflict (delivery_id) do nothing
    ),

    barred as (
        insert into postbell.suppression (tenant_id, channel, address, reason, detail)
        select distinct on (settled.tenant_id, settled.channel, lower(reach.address))
            settled.tenant_id, settled.channel, lower(reach.address), 'bounce', left(settled.reason, 1000)
        from settled
        join postbell.recipient as person
            on person.tenant_id = settled.tenant_id and person.id = settled.recipient_id
        cross join lateral postbell.address_on(settled.channel, person.id, person.email, person.phone) as reach
        where settled.is_at_fault
          and reach.address is not null
        on conflict (tenant_id, channel, address) do nothing
    )

    select count(*) into v_waiting
    from settled
    where state = 'waiting';

    -- A sleeping router knows of no due time that came up since.
    if v_waiting > 0 then
        perform pg_notify('postbell_wake', '');
    end if;

    perform postbell.match_receipts(delivery_ids, message_ids);
end
$$;

comment on function postbell.record_attempts is
    'Writes down what providers answered, in bulk: sent, retry (after so many seconds), refused, unknown or failed. An address at fault is suppressed.';
