create or replace function postbell.start_sending(
    batch_id bigint, claim_token uuid, delivery_ids bigint[], providers text[] default null
) returns bigint[]
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- Locked: whoever claims the batch next waits until these are marked, and then finds them in flight.
    v_carried constant bigint[] := postbell.lock_batch(batch_id, claim_token);
    v_started bigint[];
begin
    if v_carried is null then
        return null;
    end if;

    -- Of what is in flight when we crash, no second copy may go out: so it is written down before the first.
    if (select postbell.is_sent_once(channel) from postbell.batch where id = start_sending.batch_id) then
        perform postbell.require_durable_commit();
    end if;

    perform postbell.stop_undeliverable(start_sending.delivery_ids);

    with free as (
        select id
        from postbell.delivery
        where id = any(start_sending.delivery_ids)
          and id = any(v_carried)
          and state in ('queued', 'sending')
        for update skip locked
    ),

    started as (
        update postbell.delivery as d set
            state = 'sending',
            attempts = attempts + 1,
            provider = coalesce(providers[array_position(start_sending.delivery_ids, d.id)], d.provider)
        from free
        where d.id = free.id
        returning d.id
    )

    select coalesce(array_agg(id), '{}') into v_started
    from started;
    return v_started;
end
$$;

comment on function postbell.start_sending(bigint, uuid, bigint[], text[]) is
    'Marks the deliveries that are about to be in flight, and returns those that may go; null if the claim does not hold. Only these can be in doubt after a crash. providers: who is about to be asked, for each.';
