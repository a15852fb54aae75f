create or replace function postbell.stream_position(out epoch bigint, out snapshot pg_snapshot)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_epoch bigint;
begin
    select e.epoch into v_epoch
    from postbell.stream_epoch as e
    join pg_control_system() as c on c.system_identifier = e.system_identifier;

    if not found then
        -- The first since a crash, a failover or a restore: from here on transaction ids mean something else.
        insert into postbell.stream_epoch as e (epoch, system_identifier)
        select hashtextextended(gen_random_uuid()::text, 0), c.system_identifier
        from pg_control_system() as c
        on conflict (is_the_only_one) do update set
            epoch = excluded.epoch,
            system_identifier = excluded.system_identifier
        where e.system_identifier <> excluded.system_identifier;

        select e.epoch into strict v_epoch
        from postbell.stream_epoch as e;
    end if;

    epoch := v_epoch;
    snapshot := pg_current_snapshot();
end
$$;

comment on function postbell.stream_position() is
    'How far the stream has come: what is visible now, and the epoch in which its transaction ids mean something. See postbell.stream_epoch.';
