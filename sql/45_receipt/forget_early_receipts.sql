create or replace function postbell.forget_early_receipts() returns table (provider text, forgotten bigint)
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    -- One that names its delivery stays as long as that one is in somebody's hands.
    with forgotten as (
        delete from postbell.early_receipt
        where delivery_id is null
          and received_at < clock_timestamp() - interval '1 hour'
        returning provider
    )

    select forgotten.provider, count(*)
    from forgotten
    group by forgotten.provider
    order by forgotten.provider
$$;

comment on function postbell.forget_early_receipts() is
    'Drops receipts that named a message which nobody wrote down within an hour: it was none of ours. Returns how many, by provider.';
