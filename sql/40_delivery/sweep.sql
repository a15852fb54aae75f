create or replace function postbell.make_jobs(batch_ids bigint[]) returns void
language sql
as $$
    insert into postbell_queue.pgqueuer (entrypoint, payload, priority, status)
    select
        'deliver.' || channel, convert_to(id::text, 'UTF8'), postbell.job_priority(priority, is_bulk), 'queued'
    from postbell.batch
    where id = any(batch_ids)
$$;

comment on function postbell.make_jobs(bigint[]) is 'Gives a new job to batches.';

create or replace function postbell.sweep(grace interval default '30 seconds') returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- The one statement that compares two whole tables, on whatever terms the session plans.
set enable_seqscan = on
set enable_hashjoin = on
as $$
#variable_conflict use_column
declare
    v_lost bigint[];
    v_skipped integer := 0;
    v_fault record;
begin
    select array_agg(b.id order by b.id) into v_lost
    from postbell.batch as b
    where greatest(b.created_at, b.claimed_at) < clock_timestamp() - sweep.grace
      and not exists (
          select
          from postbell_queue.pgqueuer as job
          where job.entrypoint = 'deliver.' || b.channel
            and job.payload = convert_to(b.id::text, 'UTF8')
      );

    for v_fault in
        select v_lost[place] as id, code, message
        from postbell.isolate('postbell.make_jobs($1)', v_lost)
    loop
        raise warning 'batch % cannot be given a job: %: %', v_fault.id, v_fault.code, v_fault.message;
        v_skipped := v_skipped + 1;
    end loop;
    return coalesce(cardinality(v_lost), 0) - v_skipped;
end
$$;

comment on function postbell.sweep(interval) is
    'Gives a new job to every batch that lost its own. Returns how many. One with which that fails is left out, with a warning.';
