create or replace function postbell.follow_users() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_source regclass := tg_relid;
    v_mirror postbell.recipient_mirror;
    v_before text;
    v_after text;
    v_people postbell.mirrored[];
    v_fault text;
    v_failure text;
begin
    -- Where a trigger does not pass the rows, their names could be those of somebody's own view.
    if tg_op <> 'TRUNCATE' and not exists (
        select
        from pg_trigger
        where tgrelid = v_source
          and tgname = tg_name
          and (tg_op = 'DELETE' or tgnewtable = 'new_users')
          and (tg_op = 'INSERT' or tgoldtable = 'old_users')
    ) then
        perform postbell.raise_error(
            'invalid_argument', format('trigger %s is not as postbell.mirror_recipients() makes it: call that instead', tg_name)
        );
    end if;

    select * into v_mirror
    from postbell.recipient_mirror
    where source = v_source;
    if not found then
        return null;
    end if;

    -- Whatever is wrong with a user or with the mapping, the application's own write goes on.
    begin
        v_before := postbell.mirror_query(v_source, v_mirror.mapping, v_mirror.tenant_id, 'old_users');
        v_after := postbell.mirror_query(v_source, v_mirror.mapping, v_mirror.tenant_id, 'new_users');

        if tg_op = 'TRUNCATE' then
            for v_people in
                select people from postbell.read_users(v_source, v_mirror.mapping, v_mirror.tenant_id) as people
            loop
                v_fault := postbell.mirror_portion('postbell.let_go($1)', v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
        end if;

        if tg_op in ('UPDATE', 'DELETE') then
            for v_people in execute postbell.in_portions(case tg_op
                when 'UPDATE' then format(
                    'select person from (%s) as old where not exists (select from (%s) as new'
                    ' where (new.person).tenant_id = (old.person).tenant_id and (new.person).id = (old.person).id)',
                    v_before, v_after
                )
                else v_before
            end)
            loop
                v_fault := postbell.mirror_portion('postbell.let_go($1)', v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
        end if;

        if tg_op in ('INSERT', 'UPDATE') then
            for v_people in execute postbell.in_portions(case tg_op
                when 'UPDATE' then format('%s except %s', v_after, v_before)
                else v_after
            end)
            loop
                perform postbell.note_missing_tenants(v_source, v_people);
                v_fault := postbell.mirror_portion(format('postbell.take_people($1, %L)', v_mirror.mapping), v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
        end if;
    exception
        when others then
            if postbell.is_transient_error(sqlstate) then
                raise;
            end if;
            v_failure := coalesce(postbell.mirror_fault(v_source, v_mirror.mapping), sqlerrm);
    end;

    if v_failure is not null then
        perform postbell.report_mirror_failure(v_source, v_failure);
    end if;
    return null;
end
$$;

comment on function postbell.follow_users() is 'After each statement on a mirrored table: its users are recipients, those who are gone are erased. Once per statement, however many rows.';
