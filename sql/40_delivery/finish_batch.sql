create or replace function postbell.finish_batch(batch_id bigint, claim integer) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_delivery_ids bigint[];
begin
    delete from postbell.batch
    where id = finish_batch.batch_id
      and claims = finish_batch.claim
    returning delivery_ids into v_delivery_ids;

    -- Something may be left: a row somebody else held just then, a time-out. It gets another job, a little later.
    perform postbell.enqueue(
        array(
            select id
            from postbell.delivery
            where id = any(v_delivery_ids)
              and state in ('queued', 'sending')
        ),
        is_bulk => false,
        delay => interval '1 second'
    );
end
$$;

comment on function postbell.finish_batch(bigint, integer) is 'Ends a batch; what is not settled goes into a new one.';
