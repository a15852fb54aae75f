create or replace function postbell.current_step() returns postbell.router_step
language plpgsql stable
as $$
declare
    v_step postbell.router_step;
begin
    select * into strict v_step
    from postbell.router_step
    order by step desc
    limit 1;

    -- Transaction ids only grow. If they went back, this is another cluster than the one that wrote the step.
    if pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(v_step.snapshot) then
        perform postbell.raise_error('foreign_cluster', 'transaction ids have gone back since the last routed event');
    end if;
    return v_step;
end
$$;

comment on function postbell.current_step() is 'How far the router has come. Raises foreign_cluster after a restore into another cluster.';
