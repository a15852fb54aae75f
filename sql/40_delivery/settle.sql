create or replace function postbell.settle(
    delivery_ids bigint[], outcomes text[], providers text[], message_ids text[], reasons text[],
    retry_after double precision[], suppressions text[],
    versions jsonb default '{}'
) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_waiting bigint;
    v_barred postbell.suppression[];
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
    doubted as (
        insert into postbell.unknown_delivery (delivery_id, due_at)
        select id, clock_timestamp() + postbell.patience_with(channel)
        from settled
        where state = 'unknown'
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
            select distinct on (settled.tenant_id, settled.channel, barred.address)
                row(
                    settled.tenant_id, settled.channel, barred.address,
                    case settled.blame when 'stop' then 'stop' else 'bounce' end,
                    left(settled.reason, 1000), postbell.clock(), postbell.suppressed_until(settled.blame)
                )::postbell.suppression
            from settled
            join postbell.recipient as person
                on person.tenant_id = settled.tenant_id and person.id = settled.recipient_id
            cross join lateral postbell.address_on(settled.channel, person.tenant_id, person.id, person.email, person.phone) as reach
            cross join lateral (select postbell.normal_address(settled.channel, reach.address) as address) as barred
            where postbell.suppressed_until(settled.blame) is not null
              and barred.address is not null
        )
    into v_waiting, v_barred;

    if cardinality(v_barred) > 0 then
        perform postbell.suppress_for_longer(v_barred);
    end if;

    -- A sleeping router knows of no due time that came up since.
    if v_waiting > 0 then
        perform pg_notify('postbell_wake', '');
    end if;
end
$$;

comment on function postbell.settle is
    'What becomes of deliveries that were tried: sent, retry or partly (again after so many seconds; partly: some devices were reached), refused, unknown (with seconds: and tried again) or failed. suppressions: what is to blame the address itself for, see postbell.suppressed_until(), or null. versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}.';
