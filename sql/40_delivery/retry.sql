create or replace function postbell.retry(
    delivery_id bigint default null,
    event text default null,
    channel text default null,
    tenant_id text default null,
    since timestamptz default '-infinity'
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_revived bigint[];
begin
    -- The deliveries first, and in one order, as receipts lock them.
    with chosen as materialized (
        select d.id
        from postbell.dead_letter as dead
        join postbell.delivery as d on d.id = dead.delivery_id
        where dead.died_at >= retry.since
          and (retry.delivery_id is null or d.id = retry.delivery_id)
          and (retry.event is null or d.event = retry.event)
          and (retry.channel is null or d.channel = retry.channel)
          and (retry.tenant_id is null or d.tenant_id = retry.tenant_id)
        order by d.id
        for update of d
    ),

    revived as (
        delete from postbell.dead_letter as dead
        using chosen
        where dead.delivery_id = chosen.id
        returning chosen.id
    ),

    queued as (
        update postbell.delivery as d set
            state = 'queued',
            reason = 'retried',
            attempts = 0,
            sent_at = null
        from revived
        where d.id = revived.id
        returning d.id
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what)
        select id, 'retried'
        from queued
    )

    select array_agg(id order by id) into v_revived
    from queued;

    perform postbell.enqueue(v_revived, is_bulk => false);
    return coalesce(cardinality(v_revived), 0);
end
$$;

comment on function postbell.retry is 'Sends dead letters again: one, or those of an event, channel or tenant, since a time; all if nothing is named. Returns how many.';
