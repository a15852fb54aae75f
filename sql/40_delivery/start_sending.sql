create or replace function postbell.start_sending(
    batch_id bigint, claim integer, delivery_ids bigint[], providers text[] default null
) returns setof bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- A dispatcher that was taken for dead, and whose batch another has taken over, starts nothing more.
    if not exists (
        select
        from postbell.batch
        where id = start_sending.batch_id
          and claims = start_sending.claim
    ) then
        return;
    end if;

    perform postbell.stop_undeliverable(start_sending.delivery_ids);

    return query
    with free as (
        select id
        from postbell.delivery
        where id = any(start_sending.delivery_ids)
          and state in ('queued', 'sending')
        for update skip locked
    )
    update postbell.delivery as d set
        state = 'sending',
        attempts = attempts + 1,
        provider = coalesce(providers[array_position(start_sending.delivery_ids, d.id)], d.provider)
    from free
    where d.id = free.id
    returning d.id;
end
$$;

comment on function postbell.start_sending(bigint, integer, bigint[], text[]) is
    'Marks the deliveries that are about to be in flight, and returns those that may go. Only these can be in doubt after a crash. providers: who is about to be asked, for each.';
