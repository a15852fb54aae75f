create or replace function postbell.stream_position(out system_identifier bigint, out snapshot pg_snapshot)
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    select c.system_identifier, pg_current_snapshot()
    from pg_control_system() as c
$$;

comment on function postbell.stream_position() is
    'How far the stream has come: what is visible now, and the cluster in which its transaction ids mean something.';
