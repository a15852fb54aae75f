create or replace function postbell.match_receipts(delivery_ids bigint[] default null, message_ids text[] default null) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_early record;
begin
    -- Nearly always: nothing came too early.
    if not exists (select from postbell.early_receipt) then
        return;
    end if;

    -- A message that nobody has written down by now was none of ours.
    delete from postbell.early_receipt
    where delivery_id is null
      and received_at < clock_timestamp() - interval '1 hour';

    for v_early in
        with free as (
            delete from postbell.early_receipt as early
            where (early.provider, early.provider_event_id) in (
                select provider, provider_event_id
                from postbell.early_receipt
                where match_receipts.delivery_ids is null
                   or delivery_id = any(match_receipts.delivery_ids)
                   or provider_message_id = any(match_receipts.message_ids)
                order by received_at
                limit 1000
                for update skip locked
            )
            returning early.provider, early.receipt
        )
        select provider, jsonb_agg(receipt) as receipts
        from free
        group by provider
    loop
        perform postbell.receive_receipt(v_early.provider, v_early.receipts);
    end loop;
end
$$;

comment on function postbell.match_receipts(bigint[], text[]) is
    'Takes up receipts that came early: those of deliveries whose sending has just been written down, or all of them. What is still too early stays.';
