create or replace function postbell.tidy_up() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_step postbell.router_step := postbell.current_step();
    v_now pg_snapshot := pg_current_snapshot();
begin
    -- With nothing emitted for long, the snapshot grows old, and the ring with it. Advance it over the silence.
    if v_step.window_snapshot is null
        and not exists (select from postbell.committed_between(v_step.snapshot, v_now, '0', 0, 1)) then
        insert into postbell.router_step (step, snapshot, system_identifier)
        values (v_step.step + 1, v_now, v_step.system_identifier)
        on conflict (step) do nothing;
    end if;

    delete from postbell.router_step
    where step < v_step.step - 1000;

    -- The queue's own history says less than ours, and would grow for ever.
    delete from postbell_queue.pgqueuer_log
    where created < clock_timestamp() - interval '1 hour';

    perform postbell.settle_unknown();
    perform postbell.forget_sessions();
    perform postbell.match_receipts();
    perform postbell.truncate_stream();
end
$$;

comment on function postbell.tidy_up() is 'The router''s housekeeping, every minute or so.';
