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
    v_people postbell.mirrored[];
    v_users bigint := 0;
begin
    perform postbell.require_tenant(mirror_recipients.tenant_id);

    -- Refused by a trigger if there is a fault.
    insert into postbell.recipient_mirror as known (source, mapping, tenant_id)
    values (mirror_recipients.source, mirror_recipients.mapping, mirror_recipients.tenant_id)
    on conflict (source) do update set
        mapping = excluded.mapping,
        tenant_id = excluded.tenant_id,
        mirrored_at = postbell.clock(),
        failed_at = null,
        failure = null;
    -- Whoever still names a tenant that is not there says so again.
    delete from postbell.missing_tenant as known
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
        from postbell.read_users(mirror_recipients.source, mirror_recipients.mapping, mirror_recipients.tenant_id) as people
    loop
        perform postbell.note_missing_tenants(mirror_recipients.source, v_people);
        v_fault := postbell.mirror_portion(format('postbell.take_people($1, %L)', mirror_recipients.mapping), v_people);
        v_failure := coalesce(v_failure, v_fault);
        v_users := v_users + cardinality(v_people);
    end loop;
    if v_failure is not null then
        raise warning 'recipients do not follow % as a whole: %', mirror_recipients.source, v_failure;
        update postbell.recipient_mirror as known set
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
