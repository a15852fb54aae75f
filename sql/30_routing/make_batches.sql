create or replace function postbell.make_batches(delivery_ids bigint[], is_bulk boolean, delay interval) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    with numbered as (
        select
            d.id, d.tenant_id, d.channel, d.priority,
            (row_number() over (partition by d.tenant_id, d.channel, d.priority order by d.id) - 1)
                / postbell.batch_size(d.channel) as number
        from unnest(delivery_ids) as wanted (id)
        join postbell.delivery as d on d.id = wanted.id
    ),

    batched as (
        insert into postbell.batch (tenant_id, channel, priority, is_bulk, delivery_ids)
        select tenant_id, channel, priority, make_batches.is_bulk, array_agg(id order by id)
        from numbered
        group by tenant_id, channel, priority, number
        returning id, channel, priority, is_bulk
    )

    insert into postbell_queue.pgqueuer (entrypoint, payload, priority, status, execute_after)
    select
        'deliver.' || channel, convert_to(id::text, 'UTF8'), postbell.job_priority(priority, is_bulk),
        'queued', now() + delay
    from batched;
end
$$;

comment on function postbell.make_batches(bigint[], boolean, interval) is
    'Puts deliveries into batches of one tenant, channel and priority, each with a queue job. A job is a batch, not a message. Not for none: the queue rings for every statement, even one that inserts nothing.';
