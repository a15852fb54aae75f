create or replace function postbell.note_missing_tenants(source regclass, people postbell.mirrored[]) returns void
language sql
as $$
    insert into postbell.missing_tenant (source, tenant_id)
    select distinct note_missing_tenants.source, person.tenant_id
    from unnest(people) as person
    where not coalesce(person.is_erased, false)
      and length(person.tenant_id) between 1 and 255
      and octet_length(person.tenant_id) <= 600
      and not exists (select from postbell.tenant where id = person.tenant_id)
      and not exists (
          select
          from postbell.missing_tenant as known
          where known.source = note_missing_tenants.source
            and known.tenant_id = person.tenant_id
      )
$$;

comment on function postbell.note_missing_tenants(regclass, postbell.mirrored[]) is 'Remembers which tenants some users name that are not there, so that they are taken when those are.';
