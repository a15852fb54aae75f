create or replace function postbell.lock_batch(batch_id bigint, claim_token uuid) returns bigint[]
-- Not in SQL, which PostgreSQL plans anew at each call before version 18.
language plpgsql
as $$
#variable_conflict use_column
declare
    v_delivery_ids bigint[];
begin
    select delivery_ids into v_delivery_ids
    from postbell.batch
    where id = lock_batch.batch_id
      and claim_token = lock_batch.claim_token
    for no key update;
    return v_delivery_ids;
end
$$;

comment on function postbell.lock_batch(bigint, uuid) is
    'The deliveries of a claimed batch, which nobody else can claim until the transaction ends. Null if the claim does not hold: another has claimed the batch since, or a crash has undone the claim.';
