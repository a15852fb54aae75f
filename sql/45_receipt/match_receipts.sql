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

    for v_early in
        with ripe as (
            select early.provider, early.receipt
            from postbell.early_receipt as early
            where (
                match_receipts.delivery_ids is null
                or early.delivery_id = any(match_receipts.delivery_ids)
                or early.provider_message_id = any(match_receipts.message_ids)
            )
            -- What is still too early is not touched: it keeps its place and its age.
              and case
                  when early.delivery_id is null then exists (
                      select
                      from postbell.attempt as a
                      where a.provider_message_id = early.provider_message_id
                        and a.provider_message_id not like '<%'
                        and a.provider = early.provider
                  )
                  else not exists (
                      select
                      from postbell.delivery as d
                      where d.id = early.delivery_id
                        and d.state = 'sending'
                  )
              end
            order by early.received_at
            limit 1000
            for update of early skip locked
        )
        select provider, jsonb_agg(receipt) as receipts
        from ripe
        group by provider
    loop
        with judged as materialized (
            select *
            from postbell.take_notices(v_early.provider, postbell.notices_of(v_early.provider, v_early.receipts))
        )
        delete from postbell.early_receipt as early
        using judged
        where early.provider = v_early.provider
          and early.provider_event_id = judged.event_id
          and judged.verdict <> 'kept';
    end loop;
end
$$;

comment on function postbell.match_receipts(bigint[], text[]) is
    'Takes up receipts that came early: those of deliveries whose sending has just been written down, or all of them. What is still too early stays.';
