create or replace function postbell.hold_deliveries(
    batch_id bigint, claim_token uuid,
    delivery_ids bigint[], seconds double precision[], begun boolean[], reasons text[]
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

    with held as (
        update postbell.delivery as d set
            state = 'waiting',
            reason = left(given.reason, 1000),
            -- The try that was begun is given back: that there is no provider is not the message's fault.
            attempts = d.attempts - given.is_begun::integer,
            due_at = clock_timestamp() + make_interval(secs => given.seconds)
        from unnest(
            hold_deliveries.delivery_ids, hold_deliveries.seconds, hold_deliveries.begun, hold_deliveries.reasons
        ) as given (id, seconds, is_begun, reason)
        where d.id = given.id
          and d.id = any(v_carried)
          and d.state in ('queued', 'sending')
        returning d.id, d.tenant_id, d.recipient_id, d.due_at
    )
    insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
    select id, tenant_id, recipient_id, true, due_at
    from held
    on conflict (delivery_id) do nothing;

    -- A sleeping router knows of no due time that came up since.
    if found then
        perform pg_notify('postbell_wake', '');
    end if;
    return true;
end
$$;

comment on function postbell.hold_deliveries is
    'Puts deliveries of a batch aside for so many seconds, because no provider takes them now. It costs them no try: where one was begun, it is given back. False if the claim does not hold.';
