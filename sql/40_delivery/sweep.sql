create or replace function postbell.sweep(grace interval default '30 seconds') returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- The one statement that compares two whole tables, on whatever terms the session plans.
set enable_seqscan = on
set enable_hashjoin = on
as $$
#variable_conflict use_column
declare
    v_swept integer;
begin
    insert into postbell_queue.pgqueuer (entrypoint, payload, priority, status)
    select
        'deliver.' || b.channel, convert_to(b.id::text, 'UTF8'), postbell.job_priority(b.priority, b.is_bulk), 'queued'
    from postbell.batch as b
    where greatest(b.created_at, b.claimed_at) < clock_timestamp() - sweep.grace
      and not exists (
          select
          from postbell_queue.pgqueuer as job
          where job.entrypoint = 'deliver.' || b.channel
            and job.payload = convert_to(b.id::text, 'UTF8')
      );
    get diagnostics v_swept = row_count;
    return v_swept;
end
$$;

comment on function postbell.sweep(interval) is 'Gives a new job to every batch that lost its own. Returns how many.';
