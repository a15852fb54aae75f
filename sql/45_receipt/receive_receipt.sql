create or replace function postbell.receive_receipt(provider text, receipts jsonb)
returns table (event_id text, verdict text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_notices postbell.notice[] := postbell.notices_of(receive_receipt.provider, receipts);
begin
    -- The provider does not say again what we took.
    perform postbell.require_durable_commit();

    return query
    with judged as materialized (
        select *
        from postbell.take_notices(receive_receipt.provider, v_notices)
    ),

    kept as (
        insert into postbell.early_receipt (provider, provider_event_id, delivery_id, provider_message_id, receipt)
        select
            receive_receipt.provider, n.event_id, n.delivery_id, n.message_id,
            jsonb_strip_nulls(to_jsonb(n))
        from judged
        join unnest(v_notices) as n on n.event_id = judged.event_id
        where judged.verdict = 'kept'
        on conflict (provider, provider_event_id) do nothing
        returning provider_event_id
    )

    select
        judged.event_id,
        case when judged.verdict = 'kept' and kept.provider_event_id is null then 'repeated' else judged.verdict end
    from judged
    left join kept on kept.provider_event_id = judged.event_id
    order by judged.event_id;
end
$$;

comment on function postbell.receive_receipt(text, jsonb) is
    'Takes what a provider tells of messages, in any order and as often as it likes. receipts: [{"event_id": "e1", "kind": "delivered", "delivery_id": 1, "message_id": "m1", "occurred_at": "…", "code": null, "reason": null, "detail": {}, "blame": null, "addresses": [], "identity": null}]; delivery_id or message_id will do. identity: postbell.identity_of() the delivery, or how it begins. Returns for each event taken, repeated, kept (until the sending is written down), or why it is refused.';
