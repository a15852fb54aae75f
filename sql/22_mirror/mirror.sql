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

    -- A note serves these users, too, only if it is kept until they are committed: whoever makes the tenant meanwhile does not
    -- see them, and would delete it.
    begin
        v_noted := array(
            select known.tenant_id
            from postbell_private.missing_tenant as known
            where known.source = record_missing_tenants.source
              and known.tenant_id = any (v_missing)
            for key share skip locked
        );
    exception
        -- Deleted since this transaction began, which sees it still.
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
    'Remembers which tenants some users name that are not there, so that they are taken when those are. Called before the users are taken: a tenant that is made in between has a note too many, and not one too few.';


create or replace function postbell_private.report_mirror_failure(source regclass, failure text) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    raise warning using
        message = format('recipients do not follow %s: %s', report_mirror_failure.source, report_mirror_failure.failure),
        hint = 'Mend it, and call postbell.mirror_recipients() again: it copies everybody.';
    -- Said once, by the first who gets to it: nobody waits for another user's transaction, or fails for it.
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

comment on function postbell_private.report_mirror_failure(regclass, text) is 'Warns that recipients do not follow a table, and keeps why for postbell.check_mirrors().';


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
    from postbell_private.recipient_mirror
    where source = v_source;
    if not found then
        return null;
    end if;

    -- Whatever is wrong with a user or with the mapping, the application's own write goes on.
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

comment on function postbell.follow_users() is 'After each statement on a mirrored table: its users are recipients, those who are gone are erased. Once per statement, however many rows.';


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
            -- Locked by whoever takes their users already, or writes users whom nobody else sees yet: housekeeping looks again.
            select array_agg(id), array_agg(distinct tenant_id) into v_notes, v_tenants
            from (
                select missing.id, missing.tenant_id
                from postbell_private.missing_tenant as missing
                where missing.source = v_mirror.source
                  and exists (select from postbell.tenant where id = missing.tenant_id)
                for update skip locked
            ) as locked;
            continue when v_notes is null;
            -- Who says that a table is mirrored must have put the triggers on it: nobody can on a catalog.
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
            -- In a snapshot from before, not all of their users may have been there to see.
            delete from postbell_private.missing_tenant
            where id = any (v_notes)
              and current_setting('transaction_isolation') in ('read committed', 'read uncommitted');
        exception
            -- The next round of housekeeping does it.
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

comment on function postbell_private.upsert_awaited() is 'Makes recipients of users whose tenant was missing and is there now. Reads the users table once for all such tenants.';


create or replace function postbell_private.follow_tenants() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform postbell_private.upsert_awaited();
    return null;
end
$$;

comment on function postbell_private.follow_tenants() is 'A new tenant''s users, whom a mirrored table had before, are recipients at once.';


-- A user whom another transaction writes just now is not seen by this; housekeeping looks again.
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

    -- Refused by a trigger if there is a fault.
    insert into postbell_private.recipient_mirror as known (source, mapping, tenant_id)
    values (mirror_recipients.source, mirror_recipients.mapping, mirror_recipients.tenant_id)
    on conflict (source) do update set
        mapping = excluded.mapping,
        tenant_id = excluded.tenant_id,
        mirrored_at = postbell.clock(),
        failed_at = null,
        failure = null;
    -- Whoever still names a tenant that is not there says so again.
    delete from postbell_private.missing_tenant as known
    where known.source = mirror_recipients.source;

    -- Once per statement: an import of many users is one write here, too. From here on nobody else writes to the
    -- table until this transaction ends, so that the copy misses nobody.
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
'Keeps recipients in step with the application''s users table by triggers, and copies whoever is in it; returns how many that are. The mapping names
a column for each of a recipient''s: id, and any of email, phone, locale, time_zone, roles (a text, or a list of them), attributes (jsonb, or {"name":
"full_name"}), tenant_id, and of users who are only marked as gone erased_at (a time) or is_active (a boolean that is false of them). A user who is
deleted is erased here, too. A value that is of no use, such as an e-mail address without an @, counts as none and never stops the application''s
write; postbell.mirror_faults() lists them. Users of a tenant that is not there become recipients when it is. Call it again to change the mapping or
to copy everybody anew; postbell.check_mirrors() says when that is needed.';


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

comment on function postbell.unmirror_recipients(regclass) is 'Recipients follow this table no longer; they stay as they are.';


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
'What is wrong with the mirrors of users tables: one that is broken makes no recipients of new users, until it is mended and postbell.mirror_recipients()
is called again; users of a tenant that is not there wait for it. Looks at the tables as they are now, and at what failed since they were mirrored.';
