create or replace function postbell_private.record_missing_tenants(source regclass, people postbell_private.mirrored[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_missing text[] := array(
        select distinct person.tenant_id
        from unnest(people) as person
        where not coalesce(person.is_erased, false)
          and length(person.tenant_id) between 1 and 255
          and octet_length(person.tenant_id) <= 600
          and not exists (select from postbell.tenant where id = person.tenant_id)
    );
    v_noted text[];
begin
    if cardinality(v_missing) = 0 then
        return;
    end if;

    -- An existing row covers these users only if it stays until they are committed. A transaction that creates the tenant
    -- meanwhile does not see them, and would delete the row. Hence the lock.
    begin
        v_noted := array(
            select known.tenant_id
            from postbell_private.missing_tenant as known
            where known.source = record_missing_tenants.source
              and known.tenant_id = any (v_missing)
            for key share skip locked
        );
    exception
        -- The row was deleted after this transaction's snapshot.
        when serialization_failure then
            v_noted := '{}';
    end;

    insert into postbell_private.missing_tenant (source, tenant_id)
    select record_missing_tenants.source, missing
    from unnest(v_missing) as missing
    where missing <> all (v_noted);
end
$$;

comment on function postbell_private.record_missing_tenants(regclass, postbell_private.mirrored[]) is
    'Records the unknown tenants that users name, so that the users become recipients once the tenant exists. It is called before the users are mirrored: if a tenant is created in between, there is a superfluous row and not a missing one.';


create or replace function postbell_private.report_mirror_failure(source regclass, failure text) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    raise warning using
        message = format('recipients do not follow %s: %s', report_mirror_failure.source, report_mirror_failure.failure),
        hint = 'Mend it, and call postbell.mirror_recipients() again: it copies everybody.';
    -- Only the first failure is recorded. A row that another transaction has locked is skipped.
    update postbell_private.recipient_mirror set failed_at = postbell.clock(), failure = report_mirror_failure.failure
    where source = (
        select source
        from postbell_private.recipient_mirror
        where source = report_mirror_failure.source
          and failed_at is null
        for no key update skip locked
    );
exception
    when serialization_failure then
        null;
end
$$;

comment on function postbell_private.report_mirror_failure(regclass, text) is 'Raises a warning that recipients do not follow a table, and records the reason for postbell.check_mirrors().';


create or replace function postbell.follow_users() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_source regclass := tg_relid;
    v_mirror postbell_private.recipient_mirror;
    v_before text;
    v_after text;
    v_people postbell_private.mirrored[];
    v_fault text;
    v_failure text;
begin
    -- Without transition tables of these names, the names could resolve to views of another role.
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
    from postbell_private.recipient_mirror
    where source = v_source;
    if not found then
        return null;
    end if;

    -- A faulty user or mapping must not make the application's statement fail.
    begin
        v_before := postbell_private.mirror_query(v_source, v_mirror.mapping, v_mirror.tenant_id, 'old_users');
        v_after := postbell_private.mirror_query(v_source, v_mirror.mapping, v_mirror.tenant_id, 'new_users');

        if tg_op = 'TRUNCATE' then
            for v_people in
                select people from postbell_private.read_users(v_source, v_mirror.mapping, v_mirror.tenant_id) as people
            loop
                v_fault := postbell_private.mirror_chunk('postbell_private.unlink_recipient($1)', v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
        end if;

        if tg_op in ('UPDATE', 'DELETE') then
            for v_people in execute postbell_private.in_chunks(case tg_op
                when 'UPDATE' then format(
                    'select person from (%s) as old where not exists (select from (%s) as new'
                    ' where (new.person).tenant_id = (old.person).tenant_id and (new.person).id = (old.person).id)',
                    v_before, v_after
                )
                else v_before
            end)
            loop
                v_fault := postbell_private.mirror_chunk('postbell_private.unlink_recipient($1)', v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
        end if;

        if tg_op in ('INSERT', 'UPDATE') then
            for v_people in execute postbell_private.in_chunks(case tg_op
                when 'UPDATE' then format('%s except %s', v_after, v_before)
                else v_after
            end)
            loop
                perform postbell_private.record_missing_tenants(v_source, v_people);
                v_fault := postbell_private.mirror_chunk(format('postbell_private.upsert_mirrored($1, %L)', v_mirror.mapping), v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
        end if;
    exception
        when others then
            if postbell_private.is_transient_error(sqlstate) then
                raise;
            end if;
            v_failure := coalesce(postbell_private.mirror_fault(v_source, v_mirror.mapping), sqlerrm);
    end;

    if v_failure is not null then
        perform postbell_private.report_mirror_failure(v_source, v_failure);
    end if;
    return null;
end
$$;

comment on function postbell.follow_users() is 'Updates recipients after a statement on a mirrored users table. Deleted users are marked as erased. It runs once for each statement, whatever the number of rows.';


create or replace function postbell_private.upsert_awaited() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_mirror postbell_private.recipient_mirror;
    v_notes bigint[];
    v_tenants text[];
    v_people postbell_private.mirrored[];
    v_fault text;
    v_failure text;
begin
    for v_mirror in
        select *
        from postbell_private.recipient_mirror as mirror
        where exists (
            select
            from postbell_private.missing_tenant as missing
            join postbell.tenant on tenant.id = missing.tenant_id
            where missing.source = mirror.source
        )
    loop
        v_failure := null;
        begin
            -- A locked row belongs to a transaction that mirrors its users or writes more of them. Housekeeping tries again.
            select array_agg(id), array_agg(distinct tenant_id) into v_notes, v_tenants
            from (
                select missing.id, missing.tenant_id
                from postbell_private.missing_tenant as missing
                where missing.source = v_mirror.source
                  and exists (select from postbell.tenant where id = missing.tenant_id)
                for update skip locked
            ) as locked;
            continue when v_notes is null;
            -- The triggers prove that the role that mirrors the table could create triggers on it, as on no system catalog.
            v_failure := coalesce(
                postbell_private.mirror_fault(v_mirror.source, v_mirror.mapping), postbell_private.mirror_trigger_fault(v_mirror.source)
            );
            if v_failure is not null then
                perform postbell_private.report_mirror_failure(v_mirror.source, v_failure);
                continue;
            end if;
            for v_people in
                select people from postbell_private.read_users(v_mirror.source, v_mirror.mapping, v_mirror.tenant_id, v_tenants) as people
            loop
                v_fault := postbell_private.mirror_chunk(format('postbell_private.upsert_mirrored($1, %L)', v_mirror.mapping), v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
            -- An older snapshot may not have shown all of their users.
            delete from postbell_private.missing_tenant
            where id = any (v_notes)
              and current_setting('transaction_isolation') in ('read committed', 'read uncommitted');
        exception
            -- The next round of housekeeping tries again.
            when serialization_failure then
                null;
            when others then
                if postbell_private.is_transient_error(sqlstate) then
                    raise;
                end if;
                v_failure := coalesce(postbell_private.mirror_fault(v_mirror.source, v_mirror.mapping), sqlerrm);
        end;
        if v_failure is not null then
            perform postbell_private.report_mirror_failure(v_mirror.source, v_failure);
        end if;
    end loop;
end
$$;

comment on function postbell_private.upsert_awaited() is 'Makes recipients of users whose tenant did not exist and does now. It reads the users table once for all such tenants.';


create or replace function postbell_private.follow_tenants() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform postbell_private.upsert_awaited();
    return null;
end
$$;

comment on function postbell_private.follow_tenants() is 'Makes recipients of the users that mirrored tables have for a new tenant.';


-- A user of a transaction in progress is not visible here; housekeeping looks again.
create or replace trigger follow_tenants
after insert or update of id on postbell.tenant
for each statement
execute function postbell_private.follow_tenants();

comment on trigger follow_tenants on postbell.tenant is 'Whoever waits for this tenant in a mirrored table becomes a recipient.';


create or replace function postbell.mirror_recipients(source regclass, mapping jsonb, tenant_id text default 'default')
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_fault text;
    v_failure text;
    v_event text;
    v_people postbell_private.mirrored[];
    v_users bigint := 0;
begin
    perform postbell_private.require_tenant(mirror_recipients.tenant_id);

    -- A trigger validates the mapping.
    insert into postbell_private.recipient_mirror as known (source, mapping, tenant_id)
    values (mirror_recipients.source, mirror_recipients.mapping, mirror_recipients.tenant_id)
    on conflict (source) do update set
        mapping = excluded.mapping,
        tenant_id = excluded.tenant_id,
        mirrored_at = postbell.clock(),
        failed_at = null,
        failure = null;
    -- The copy below records the tenants that are still unknown.
    delete from postbell_private.missing_tenant as known
    where known.source = mirror_recipients.source;

    -- Statement-level triggers: an import of many users is one write here, too. Creating them locks the table against
    -- other writers until this transaction ends, so that the copy misses nobody.
    foreach v_event in array array[
        'after insert on %s referencing new table as new_users',
        'after update on %s referencing old table as old_users new table as new_users',
        'after delete on %s referencing old table as old_users',
        'before truncate on %s'
    ] loop
        execute format(
            'create or replace trigger postbell_follows_%s ' || v_event || ' for each statement execute function postbell.follow_users()',
            split_part(v_event, ' ', 2), mirror_recipients.source
        );
    end loop;

    for v_people in
        select people
        from postbell_private.read_users(mirror_recipients.source, mirror_recipients.mapping, mirror_recipients.tenant_id) as people
    loop
        perform postbell_private.record_missing_tenants(mirror_recipients.source, v_people);
        v_fault := postbell_private.mirror_chunk(format('postbell_private.upsert_mirrored($1, %L)', mirror_recipients.mapping), v_people);
        v_failure := coalesce(v_failure, v_fault);
        v_users := v_users + cardinality(v_people);
    end loop;
    if v_failure is not null then
        raise warning 'recipients do not follow % as a whole: %', mirror_recipients.source, v_failure;
        update postbell_private.recipient_mirror as known set
            failed_at = postbell.clock(),
            failure = v_failure
        where known.source = mirror_recipients.source;
    end if;
    return v_users;
end
$$;

comment on function postbell.mirror_recipients is
'Keeps recipients in step with the application''s users table by triggers, and copies the users in it. Returns how many were copied. The mapping names
a column of the table for each column of a recipient: id, and any of email, phone, locale, time_zone, roles (a text, or a list of them), attributes (jsonb, or {"name":
"full_name"}), tenant_id, and for soft-deleted users erased_at (a time) or is_active (a boolean that is false for them). A user who is
deleted is marked as erased here, too. An invalid value, such as an e-mail address without an @, is ignored and never makes the application''s
statement fail; postbell.mirror_faults() lists invalid values. Users of an unknown tenant become recipients when the tenant is created. Call it again to change the mapping or
to copy all users again; postbell.check_mirrors() says when that is needed.';


create or replace function postbell.unmirror_recipients(source regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_trigger text;
begin
    for v_trigger in
        select tgname
        from pg_trigger
        where tgrelid = unmirror_recipients.source
          and tgfoid = 'postbell.follow_users'::regproc
          and tgparentid = 0
    loop
        execute format('drop trigger %I on %s', v_trigger, unmirror_recipients.source);
    end loop;

    delete from postbell_private.recipient_mirror as known
    where known.source = unmirror_recipients.source;
    delete from postbell_private.missing_tenant as known
    where known.source = unmirror_recipients.source;
end
$$;

comment on function postbell.unmirror_recipients(regclass) is 'Stops mirroring a users table. Its recipients stay as they are.';


create or replace function postbell.check_mirrors() returns table (source text, is_broken boolean, fault text, since timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    with mirror as (
        select
            source,
            failed_at,
            coalesce(
                postbell_private.mirror_fault(source, mapping),
                postbell_private.mirror_trigger_fault(source),
                failure
            ) as fault
        from postbell_private.recipient_mirror
    )

    select source::text, true, fault, failed_at
    from mirror
    where fault is not null

    union all

    select
        source::text, false,
        format(
            case count(distinct tenant_id)
                when 1 then 'there is no tenant %2$s: its users become recipients when there is'
                else 'there are no tenants %2$s (%1$s in all): their users become recipients when there are'
            end,
            count(distinct tenant_id),
            array_to_string((array_agg(distinct tenant_id))[:5], ', ')
        ),
        min(noted_at)
    from postbell_private.missing_tenant
    group by source
    order by 2 desc, 1
$$;

comment on function postbell.check_mirrors() is
'Lists what is wrong with the mirrors of users tables. A broken mirror makes no recipients of new users until it is repaired and postbell.mirror_recipients()
is called again; users of an unknown tenant wait for the tenant. It checks the tables as they are now, and shows failures since they were mirrored.';
