create or replace function postbell.note_missing_tenants(source regclass, people postbell.mirrored[]) returns void
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
            from postbell.missing_tenant as known
            where known.source = note_missing_tenants.source
              and known.tenant_id = any (v_missing)
            for key share skip locked
        );
    exception
        -- Deleted since this transaction began, which sees it still.
        when serialization_failure then
            v_noted := '{}';
    end;

    insert into postbell.missing_tenant (source, tenant_id)
    select note_missing_tenants.source, missing
    from unnest(v_missing) as missing
    where missing <> all (v_noted);
end
$$;

comment on function postbell.note_missing_tenants(regclass, postbell.mirrored[]) is
    'Remembers which tenants some users name that are not there, so that they are taken when those are. Called before the users are taken: a tenant that is made in between has a note too many, and not one too few.';
