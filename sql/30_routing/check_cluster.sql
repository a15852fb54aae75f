create or replace function postbell.check_cluster() returns void
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if (postbell.current_step()).system_identifier <> (select system_identifier from pg_control_system()) then
        perform postbell.raise_error('foreign_cluster', 'the last events were routed in a cluster with another system identifier');
    end if;
end
$$;

comment on function postbell.check_cluster() is 'Raises foreign_cluster if the database was restored from another cluster, or upgraded with pg_upgrade, which makes a new one: the two cannot be told apart for certain, and routing on by ids of another cluster would lose events. A router asks when it takes the lead.';
