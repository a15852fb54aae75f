create or replace function postbell.fail_deliveries(delivery_ids bigint[], reasons text[]) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    with failed as (
        update postbell.delivery as d set
            state = case when d.sent_at is null then 'failed' else 'sent' end,
            reason = left(given.reason, 1000)
        from unnest(fail_deliveries.delivery_ids, fail_deliveries.reasons) as given (id, reason)
        where d.id = given.id
          and d.state in ('queued', 'sending')
        returning d.id, d.state
    )
    insert into postbell.dead_letter (delivery_id)
    select id
    from failed
    where state = 'failed'
    on conflict (delivery_id) do nothing
$$;

comment on function postbell.fail_deliveries(bigint[], text[]) is 'Gives up deliveries that no provider was called for: their template failed, say. They become dead letters.';
