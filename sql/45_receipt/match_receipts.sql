create or replace function postbell.take_early(provider text, receipts jsonb[]) returns void
language sql
as $$
    with judged as materialized (
        select *
        from postbell.take_notices(take_early.provider, postbell.notices_of(take_early.provider, to_jsonb(receipts)))
    )
    delete from postbell.early_receipt as early
    using judged
    where early.provider = take_early.provider
      and early.provider_event_id = judged.event_id
      and judged.verdict <> 'kept'
$$;

comment on function postbell.take_early(text, jsonb[]) is 'Takes up receipts of a provider that came early, and forgets those that are no longer too early.';

create or replace function postbell.match_receipts(delivery_ids bigint[] default null, message_ids text[] default null) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_early record;
    v_fault record;
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
        select provider, array_agg(receipt) as receipts
        from ripe
        group by provider
    loop
        for v_fault in
            select v_early.receipts[place] ->> 'event_id' as event_id, code, message
            from postbell.isolate(format('postbell.take_early(%L, $1)', v_early.provider), v_early.receipts)
        loop
            raise warning 'receipt % of % is dropped: %: %', v_fault.event_id, v_early.provider, v_fault.code, v_fault.message;
            delete from postbell.early_receipt
            where provider = v_early.provider
              and provider_event_id = v_fault.event_id;
        end loop;
    end loop;
end
$$;

comment on function postbell.match_receipts(bigint[], text[]) is
    'Takes up receipts that came early: those of deliveries whose sending has just been written down, or all of them. What is still too early stays. One with which that fails is dropped, with a warning.';
