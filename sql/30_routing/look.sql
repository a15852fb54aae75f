create or replace function postbell.look(out has_events boolean, out due_in interval, out has_fanout boolean)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_step constant postbell.router_step := postbell.current_step();
    v_now constant pg_snapshot := pg_current_snapshot();
begin
    has_events := v_step.window_snapshot is not null
        or v_now::text <> v_step.snapshot::text
        and exists (select from postbell.committed_between(v_step.snapshot, v_now, '0', 0, 1));

    due_in := least(
        (select due_at from postbell.scheduled_notification order by due_at limit 1),
        (select due_at from postbell.waiting_delivery order by due_at limit 1)
    ) - postbell.clock();

    has_fanout := exists (select from postbell.fanout);
end
$$;

comment on function postbell.look() is
    'What the router has to do: whether the log goes on, how long until something that waits is due (null if nothing waits), and whether a large audience is being told. Reads only.';
