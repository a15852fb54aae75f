create or replace function postbell.advance_step() returns void
language plpgsql
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
end
$$;

comment on function postbell.advance_step() is 'Moves the router''s progress over a silence, and forgets old steps.';

create or replace function postbell.forget_jobs() returns void
language sql
-- The queue's own history says less than ours, and would grow for ever.
as $$
    delete from postbell_queue.pgqueuer_log
    where created < clock_timestamp() - interval '1 hour'
$$;

comment on function postbell.forget_jobs() is 'Prunes the queue''s own history.';

create or replace function postbell.tidy_up() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_part text;
begin
    foreach v_part in array array[
        'advance_step', 'forget_jobs', 'settle_unknown', 'forget_sessions', 'match_receipts', 'truncate_stream',
        'take_awaited_people'
    ] loop
        begin
            execute format('select postbell.%I()', v_part);
        exception
            -- What fails now is done the next time, and keeps nothing else from being done.
            when others then
                -- Another cluster, another router: that is for the router to hear.
                if sqlstate like 'PB%' then
                    raise;
                end if;
                raise warning 'housekeeping: % failed: %: %', v_part, sqlstate, sqlerrm;
        end;
    end loop;
end
$$;

comment on function postbell.tidy_up() is
    'The router''s housekeeping, every minute or so. A part that fails is left to the next time, with a warning; the others are done.';
