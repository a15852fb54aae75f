-- A reader sees one person's rows; the other roles see all rows of the tables that they are granted.
-- Created only where missing, because ALTER TABLE waits for all readers of the table.
do $$
declare
    v_table record;
begin
    for v_table in
        select
            c.oid::regclass as name,
            c.relrowsecurity as is_secured,
            case
                when c.relname = 'tenant' then 'id = postbell.current_tenant()'
                when c.relname = 'tenant_event' then 'tenant_id = postbell.current_tenant()'
                when c.relname = 'recipient' then 'tenant_id = postbell.current_tenant() and id = postbell.current_recipient()'
                else 'tenant_id = postbell.current_tenant() and recipient_id = postbell.current_recipient()'
            end as own
        from pg_class as c
        where c.relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
          and c.relkind in ('r', 'p')
          -- Leaves are read through their parents.
          and c.oid not in (
              select inhrelid
              from pg_inherits
              join pg_partitioned_table on partrelid = inhparent
              where partstrat = 'r'
          )
          and (
              c.relname in ('tenant', 'tenant_event', 'recipient')
              or exists (select from pg_attribute where attrelid = c.oid and attname = 'recipient_id')
          )
    loop
        if not v_table.is_secured then
            execute format('alter table %s enable row level security', v_table.name);
        end if;
        if not exists (select from pg_policy where polrelid = v_table.name and polname = 'readers_see_their_own') then
            execute format(
                'create policy readers_see_their_own on %s to postbell_reader using (%s)', v_table.name, v_table.own
            );
        end if;
        if not exists (select from pg_policy where polrelid = v_table.name and polname = 'staff_sees_all') then
            execute format(
                'create policy staff_sees_all on %s to postbell_dispatcher, postbell_support, postbell_admin using (true)',
                v_table.name
            );
        end if;
    end loop;
end
$$;
