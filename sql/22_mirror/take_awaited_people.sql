create or replace function postbell.take_awaited_people() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_mirror postbell.recipient_mirror;
    v_notes bigint[];
    v_tenants text[];
    v_people postbell.mirrored[];
    v_fault text;
    v_failure text;
begin
    for v_mirror in
        select *
        from postbell.recipient_mirror as mirror
        where exists (
            select
            from postbell.missing_tenant as missing
            join postbell.tenant on tenant.id = missing.tenant_id
            where missing.source = mirror.source
        )
    loop
        v_failure := null;
        begin
            -- Locked by whoever takes their users already, or writes users whom nobody else sees yet: housekeeping looks again.
            select array_agg(id), array_agg(distinct tenant_id) into v_notes, v_tenants
            from (
                select missing.id, missing.tenant_id
                from postbell.missing_tenant as missing
                where missing.source = v_mirror.source
                  and exists (select from postbell.tenant where id = missing.tenant_id)
                for update skip locked
            ) as locked;
            continue when v_notes is null;
            -- Who says that a table is mirrored must have put the triggers on it: nobody can on a catalog.
            v_failure := coalesce(
                postbell.mirror_fault(v_mirror.source, v_mirror.mapping), postbell.mirror_trigger_fault(v_mirror.source)
            );
            if v_failure is not null then
                perform postbell.report_mirror_failure(v_mirror.source, v_failure);
                continue;
            end if;
            for v_people in
                select people from postbell.read_users(v_mirror.source, v_mirror.mapping, v_mirror.tenant_id, v_tenants) as people
            loop
                v_fault := postbell.mirror_portion(format('postbell.take_people($1, %L)', v_mirror.mapping), v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
            -- In a snapshot from before, not all of their users may have been there to see.
            delete from postbell.missing_tenant
            where id = any (v_notes)
              and current_setting('transaction_isolation') in ('read committed', 'read uncommitted');
        exception
            -- The next round of housekeeping does it.
            when serialization_failure then
                null;
            when others then
                if postbell.is_transient_error(sqlstate) then
                    raise;
                end if;
                v_failure := coalesce(postbell.mirror_fault(v_mirror.source, v_mirror.mapping), sqlerrm);
        end;
        if v_failure is not null then
            perform postbell.report_mirror_failure(v_mirror.source, v_failure);
        end if;
    end loop;
end
$$;

comment on function postbell.take_awaited_people() is 'Makes recipients of users whose tenant was missing and is there now. Reads the users table once for all such tenants.';

create or replace function postbell.follow_tenants() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform postbell.take_awaited_people();
    return null;
end
$$;

comment on function postbell.follow_tenants() is 'A new tenant''s users, whom a mirrored table had before, are recipients at once.';

-- A user whom another transaction writes just now is not seen by this; housekeeping looks again.
create or replace trigger follow_tenants
after insert or update of id on postbell.tenant
for each statement
execute function postbell.follow_tenants();

comment on trigger follow_tenants on postbell.tenant is 'Whoever waits for this tenant in a mirrored table becomes a recipient.';
