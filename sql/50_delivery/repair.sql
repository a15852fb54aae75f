create or replace function postbell_private.sweep(grace interval) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- This statement compares two whole tables, and must not depend on the planner settings of the session.
set enable_seqscan = on
set enable_hashjoin = on
as $$
#variable_conflict use_column
declare
    -- Once, so that claims which are renewed during a slow sweep do not look old.
    v_since constant timestamptz := clock_timestamp() - sweep.grace;
    v_lost bigint[];
    v_skipped integer := 0;
    v_fault record;
begin
    select array_agg(id order by id) into v_lost
    from (
        select b.id
        from postbell.batch as b
        where greatest(b.created_at, b.claimed_at) < v_since
          and not exists (
              select
              from postbell_queue.pgqueuer as job
              where job.entrypoint = 'deliver.' || b.channel
                and job.payload = convert_to(b.id::text, 'UTF8')
          )
        for update of b skip locked
    ) as lost;

    for v_fault in
        select v_lost[place] as id, code, message
        from postbell_private.isolate('postbell_private.make_jobs($1)', v_lost)
    loop
        raise warning 'batch % cannot be given a job: %: %', v_fault.id, v_fault.code, v_fault.message;
        v_skipped := v_skipped + 1;
    end loop;
    return coalesce(cardinality(v_lost), 0) - v_skipped;
end
$$;

comment on function postbell_private.sweep(interval) is
    'Inserts a queue job for every batch that has none and was neither made nor claimed for as long as grace: its job is lost, or the process that delivered it without a job has ended. Returns how many. A batch with which that fails is skipped with a warning.';


create or replace function postbell_private.queue_batch(batch_id bigint) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- The queue has no index by payload.
set enable_seqscan = on
as $$
begin
    -- Waits for a sweep that is about to insert a job for the batch.
    perform
    from postbell.batch
    where id = queue_batch.batch_id
    for update;
    if found and not exists (
        select
        from postbell.batch
        join postbell_queue.pgqueuer as job
            on job.entrypoint = 'deliver.' || batch.channel
            and job.payload = convert_to(batch.id::text, 'UTF8')
        where batch.id = queue_batch.batch_id
    ) then
        -- A sweep that has begun earlier sees no job, but that the batch is not old.
        update postbell.batch set
            claimed_at = clock_timestamp()
        where id = queue_batch.batch_id;
        perform postbell_private.make_jobs(array[queue_batch.batch_id], interval '1 second');
    end if;
end
$$;

comment on function postbell_private.queue_batch(bigint) is
    'Inserts a queue job, due in a second, for a batch that has none: the process to which it was handed over could not deliver it.';


create or replace function postbell.retry(
    delivery_id bigint default null,
    event text default null,
    channel text default null,
    tenant_id text default null,
    since timestamptz default '-infinity',
    reasons text[] default null
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_revived bigint[];
begin
    -- Locks the deliveries first and in order of id, as receipts do.
    with chosen as materialized (
        select d.id
        from postbell.dead_letter as dead
        join postbell.delivery as d on d.id = dead.delivery_id
        where dead.died_at >= retry.since
          and (retry.delivery_id is null or d.id = retry.delivery_id)
          and (retry.event is null or d.event = retry.event)
          and (retry.channel is null or d.channel = retry.channel)
          and (retry.tenant_id is null or d.tenant_id = retry.tenant_id)
          and (retry.reasons is null or coalesce(d.reason, d.state) = any(retry.reasons))
          -- An inbox that is kept for a shorter time than the log has no place for it any more.
          and (
              d.id >= (select first_id from postbell_private.leaf where kind = 'inbox' order by first_id limit 1)
              or not exists (select from postbell.channel where name = d.channel and is_kept)
          )
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

    perform postbell_private.enqueue(v_revived, is_bulk => false);
    return coalesce(cardinality(v_revived), 0);
end
$$;

comment on function postbell.retry is 'Sends dead letters again: one, or those of an event, channel or tenant, since a time, or with one of these reasons (that of postbell.dead_letters, or the state if it is null); all without arguments. Returns how many.';
