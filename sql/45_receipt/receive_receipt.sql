create or replace function postbell.receive_receipt(provider text, receipts jsonb)
returns table (event_id text, verdict text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_notices postbell.notice[] := postbell.notices_of(receive_receipt.provider, receipts);
    v_verdicts jsonb;
    v_taken postbell.notice[];
begin
    -- In one order everywhere. Whoever writes down the sending is done by then, or comes after us.
    perform
    from postbell.delivery
    where id in (select delivery_id from unnest(v_notices))
    order by id
    for update;

    with judged as materialized (
        select *
        from postbell.judge_notices(receive_receipt.provider, v_notices)
    ),

    kept as (
        insert into postbell.early_receipt (provider, provider_event_id, delivery_id, provider_message_id, receipt)
        select
            receive_receipt.provider, (notice).event_id, (notice).delivery_id, (notice).message_id,
            jsonb_strip_nulls(to_jsonb(notice))
        from judged
        where verdict = 'kept'
        on conflict (provider, provider_event_id) do nothing
    ),

    taken as (
        insert into postbell.receipt (
            provider, provider_event_id, delivery_id, tenant_id, provider_message_id,
            kind, code, reason, detail, occurred_at
        )
        select
            receive_receipt.provider, (notice).event_id, (notice).delivery_id, tenant_id, (notice).message_id,
            (notice).kind, left((notice).code, 100), left((notice).reason, 1000), coalesce((notice).detail, '{}'),
            coalesce((notice).occurred_at, clock_timestamp())
        from judged
        where verdict = 'taken'
        on conflict (provider, provider_event_id) do nothing
        returning provider_event_id
    )

    select
        jsonb_object_agg((notice).event_id, verdict),
        array_agg(notice) filter (where (notice).event_id in (select provider_event_id from taken))
    into v_verdicts, v_taken
    from judged;

    if v_taken is not null then
        perform postbell.follow_receipts(array(select distinct delivery_id from unnest(v_taken)));
        perform postbell.bar_addresses(v_taken);
    end if;

    return query
    select said.key, said.value
    from jsonb_each_text(coalesce(v_verdicts, '{}')) as said
    order by said.key;
end
$$;

comment on function postbell.receive_receipt(text, jsonb) is
    'Takes what a provider tells of messages, in any order and as often as it likes. receipts: [{"event_id": "e1", "kind": "delivered", "delivery_id": 1, "message_id": "m1", "occurred_at": "…", "code": null, "reason": null, "detail": {}, "blame": null, "addresses": []}]; delivery_id or message_id will do. Returns for each event taken, repeated, kept (until the sending is written down), or why it is refused.';
