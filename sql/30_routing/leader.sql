create or replace function postbell.leader(out process_id integer, out is_asleep boolean)
language sql stable
as $$
    select
        (
            select pid
            from pg_locks
            where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())
              and (classid, objid, objsubid, granted) = (1886351214, 2, 2, true)
        ),
        exists (
            select
            from pg_locks
            where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())
              and (classid, objid, objsubid, granted) = (1886351214, 1, 2, true)
              and mode = 'ExclusiveLock'
        )
$$;

comment on function postbell.leader() is 'The session that routes (null if none does), as in pg_stat_activity, and whether it sleeps.';
