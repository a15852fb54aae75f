create or replace function postbell.turn_to(delivery_id bigint, provider text) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    update postbell.delivery set
        provider = turn_to.provider
    where id = turn_to.delivery_id
      and state = 'sending'
$$;

comment on function postbell.turn_to(bigint, text) is
    'Writes down that a delivery in flight is about to be handed to another provider than the one it was started for: after a crash nobody else may get it.';
