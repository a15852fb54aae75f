create or replace function postbell.route(most integer default 500) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_step postbell.router_step;
    v_window pg_snapshot;
    v_page record;
    v_most integer := most;
begin
    v_step := postbell.current_step();
    v_window := coalesce(v_step.window_snapshot, pg_current_snapshot());
    -- Nothing began or ended since: look no further, write nothing.
    if v_window::text = v_step.snapshot::text then
        return 0;
    end if;

    loop
        begin
            v_page := postbell.route_page(v_step, v_window, v_most);
            exit;
        exception
            when others then
                -- Not the event's fault: it ends the transaction, and the router tries again.
                if not postbell.is_content_error(sqlstate) then
                    raise;
                end if;
                if v_most = 1 then
                    v_page := postbell.reject_next(v_step, v_window, sqlstate, sqlerrm);
                    exit;
                end if;
                -- Close in on the bad row; those before it go their way.
                v_most := v_most / 2;
        end;
    end loop;

    if v_page.routed = 0 and v_step.window_snapshot is null then
        return 0;
    end if;

    -- A full page: there may be more in this window. Else the window is done.
    insert into postbell.router_step (step, snapshot, window_snapshot, position_xid, position_id, system_identifier)
    select
        v_step.step + 1,
        case when is_full then v_step.snapshot else v_window end,
        case when is_full then v_window end,
        case when is_full then v_page.last_xid end,
        case when is_full then v_page.last_id end,
        v_step.system_identifier
    from (select v_page.routed = v_most as is_full) as page
    on conflict (step) do nothing;
    if not found then
        perform postbell.raise_error('router_overtaken', 'step ' || v_step.step + 1 || ' is taken');
    end if;

    -- The end of a window is not the end of the log: ask again until the answer is 0.
    return greatest(v_page.routed, 1);
end
$$;

comment on function postbell.route(integer) is
    'Takes the next events from the outbox, in commit order, and queues their deliveries. Returns how many it took; 0 means that there was nothing.';
