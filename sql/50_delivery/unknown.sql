create or replace function postbell_private.unknown_attempts(delivery_ids bigint[])
returns table (delivery_id bigint, provider text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select distinct on (unresolved.delivery_id)
        unresolved.delivery_id,
        unresolved.provider
    from (
        select delivery_id, provider, attempted_at
        from postbell.attempt
        where delivery_id = any(unknown_attempts.delivery_ids)
          and outcome = 'unknown'

        union all

        -- In flight when their dispatcher ended.
        select id, provider, 'infinity'
        from postbell.open_delivery
        where id = any(unknown_attempts.delivery_ids)
          and state = 'sending'
          and provider is not null
    ) as unresolved
    order by unresolved.delivery_id, unresolved.attempted_at desc
$$;

comment on function postbell_private.unknown_attempts(bigint[]) is
    'Returns the deliveries that may have been sent already, with the provider of each. No other provider may send them, or there could be two copies.';


create or replace function postbell_private.give_up_unknown(delivery_ids bigint[]) returns void
language sql
as $$
    with given_up as (
        update postbell.open_delivery set
            state = 'failed',
            reason = 'never_reported'
        where id = any(delivery_ids)
          -- Receipts have settled the others meanwhile.
          and state = 'unknown'
        returning id
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select id, 'given_up', 'never_reported'
        from given_up
    )

    insert into postbell.dead_letter (delivery_id)
    select id
    from given_up
    on conflict (delivery_id) do nothing
$$;

comment on function postbell_private.give_up_unknown(bigint[]) is 'Makes dead letters of deliveries whose outcome stayed unknown.';


create or replace function postbell_private.settle_unknown(most integer default 1000) returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
    v_due bigint[];
    v_skipped integer := 0;
    v_fault record;
begin
    with due as (
        delete from postbell_private.unknown_delivery
        where delivery_id in (
            select delivery_id
            from postbell_private.unknown_delivery
            where due_at <= postbell.clock()
            order by due_at
            limit most
            for update skip locked
        )
        returning delivery_id
    )
    select array_agg(due.delivery_id order by due.delivery_id) into v_due
    from due
    join postbell.open_delivery as d on d.id = due.delivery_id
    where d.state = 'unknown';

    for v_fault in
        select v_due[place] as id, code, message
        from postbell_private.isolate('postbell_private.give_up_unknown($1)', v_due)
    loop
        raise warning 'delivery % cannot be given up: %: %', v_fault.id, v_fault.code, v_fault.message;
        insert into postbell_private.unknown_delivery (delivery_id, due_at)
        values (v_fault.id, postbell.clock() + interval '1 hour');
        v_skipped := v_skipped + 1;
    end loop;
    return coalesce(cardinality(v_due), 0) - v_skipped;
end
$$;

comment on function postbell_private.settle_unknown(integer) is
    'Gives up deliveries of unknown outcome after the timeout of their channel: they become dead letters and are not sent again automatically. Returns how many. One with which that fails is retried after an hour, with a warning.';
