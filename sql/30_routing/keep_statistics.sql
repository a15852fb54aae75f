create or replace function postbell.keep_statistics() returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_table record;
    v_analyzed integer := 0;
begin
    for v_table in
        select c.oid::regclass as name
        from pg_class as c
        where c.relnamespace = 'postbell'::regnamespace
          and c.relkind = 'r'
          and c.relname in (
              'notification', 'delivery', 'batch', 'waiting_delivery', 'inbox_item',
              'recipient', 'preference', 'mute', 'quiet_hours', 'suppression', 'topic_member', 'recipient_role'
          )
          -- Twice as large as when it was last looked at, and no longer small.
          and pg_relation_size(c.oid) > greatest(2 * c.relpages, 32) * current_setting('block_size')::bigint
    loop
        begin
            execute format('analyze (skip_locked) %s', v_table.name);
            v_analyzed := v_analyzed + 1;
        exception
            when others then
                raise warning 'housekeeping: % cannot be analyzed: %: %', v_table.name, sqlstate, sqlerrm;
        end;
    end loop;
    return v_analyzed;
end
$$;

comment on function postbell.keep_statistics() is
    'Analyzes tables that have doubled. Autovacuum looks once a minute, and a plan made for a hundred rows must not meet a hundred thousand. Returns how many it analyzed.';
