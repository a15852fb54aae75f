create or replace function postbell.fail_deliveries(
    batch_id bigint, claim_token uuid, delivery_ids bigint[], reasons text[]
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell.lock_batch(batch_id, claim_token);
begin
    if v_carried is null then
        return false;
    end if;

    with failed as (
        update postbell.delivery as d set
            state = case when d.sent_at is null then 'failed' else 'sent' end,
            reason = left(given.reason, 1000)
        from unnest(fail_deliveries.delivery_ids, fail_deliveries.reasons) as given (id, reason)
        where d.id = given.id
          and d.id = any(v_carried)
          and d.state in ('queued', 'sending')
        returning d.id, d.state, d.reason
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select id, 'given_up', reason
        from failed
    )
    insert into postbell.dead_letter (delivery_id)
    select id
    from failed
    where state = 'failed'
    on conflict (delivery_id) do nothing;
    return true;
end
$$;

comment on function postbell.fail_deliveries(bigint, uuid, bigint[], text[]) is
    'Gives up deliveries of a batch that no provider was called for: their template failed, say. They become dead letters. False if the claim does not hold.';
