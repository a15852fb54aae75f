create or replace function postbell.finish_batch(batch_id bigint, claim_token uuid) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_delivery_ids bigint[];
begin
    delete from postbell.batch
    where id = finish_batch.batch_id
      and claim_token = finish_batch.claim_token
    returning delivery_ids into v_delivery_ids;
    if not found then
        return false;
    end if;
    perform postbell.requeue(v_delivery_ids);
    return true;
end
$$;

comment on function postbell.finish_batch(bigint, uuid) is
    'Ends a batch; what is not settled goes into a new one. False if the claim does not hold.';
