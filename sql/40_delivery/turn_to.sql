create or replace function postbell.turn_to(batch_id bigint, claim_token uuid, delivery_id bigint, provider text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell.lock_batch(batch_id, claim_token);
begin
    perform postbell.require_durable_commit();

    update postbell.delivery set
        provider = turn_to.provider
    where id = turn_to.delivery_id
      and id = any(v_carried)
      and state = 'sending';
    return found;
end
$$;

comment on function postbell.turn_to(bigint, uuid, bigint, text) is
    'Writes down that a delivery in flight is about to be handed to another provider than the one it was started for: after a crash nobody else may get it. False if it must not be: it is not in flight, or the claim does not hold.';
