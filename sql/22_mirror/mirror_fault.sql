create or replace function postbell.mirror_fault(source regclass, mapping jsonb) returns text
language sql stable
as $$
    with mapped as (
        select key as name, value
        from jsonb_each(mapping)
        where key <> 'attributes' or jsonb_typeof(value) <> 'object'

        union all

        select 'attributes.' || key, value
        from jsonb_each(case when jsonb_typeof(mapping -> 'attributes') = 'object' then mapping -> 'attributes' else '{}' end)
    )

    select coalesce(
        (
            select source || ' is neither a table nor a partitioned one'
            from pg_class
            where oid = source
              and relkind not in ('r', 'p')
        ),
        (
            -- When the table is emptied, the trigger reads it.
            select format('%s owns Postbell and may not read %s: grant select on %s to %s', proowner::regrole, source, source, proowner::regrole)
            from pg_proc
            where oid = 'postbell.follow_users'::regproc
              and not has_table_privilege(proowner, source, 'select')
        ),
        (
            -- Whose it is would decide who is copied, and the policy's functions would run with the rights of who reads.
            select format('row-level security hides rows of %s from %s: mirror as a role with BYPASSRLS', source, current_user)
            where row_security_active(source)
        ),
        (
            select 'a recipient has no ' || min(name)
            from mapped
            where name not like 'attributes.%'
              and name <> all('{id,tenant_id,email,phone,locale,time_zone,roles,attributes,erased_at}')
        ),
        (select 'id is not mapped' where not coalesce(mapping ? 'id', false)),
        (
            select min(name || ': ' || case
                when jsonb_typeof(value) <> 'string' then 'name a column of ' || source
                else source || ' has no column ' || (value #>> '{}')
            end)
            from mapped
            where not exists (
                select
                from pg_attribute
                where attrelid = source
                  and attname = mapped.value #>> '{}'
                  and attnum > 0
                  and not attisdropped
                  and jsonb_typeof(mapped.value) = 'string'
            )
        ),
        (
            -- Else one of two rows goes, and takes the person with it who is still in the other.
            select format('id: nothing says that %s is unique in %s: make a unique index', mapping ->> 'id', source)
            where not exists (
                select
                from pg_index
                where indrelid = source
                  and indisunique
                  and indpred is null
                  and (
                        select bool_and(coalesce(attname, '') in (mapping ->> 'id', mapping ->> 'tenant_id'))
                        from unnest(indkey[0:indnkeyatts - 1]) as key (attnum)
                        left join pg_attribute as a on a.attrelid = indrelid and a.attnum = key.attnum and a.attnum > 0
                    )
            )
        )
    )
$$;

comment on function postbell.mirror_fault(regclass, jsonb) is 'What is wrong with a mapping of recipients to the columns of a table; null if nothing.';
