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
        (select 'the table is gone' where not exists (select from pg_class where oid = source)),
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
            -- What is mirrored is copied with the rights of the owner of Postbell, who may read more than who asks for it.
            select format('%s may not read %s', current_user, source)
            where not has_table_privilege(source, 'select')
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
              and name <> all('{id,tenant_id,email,phone,locale,time_zone,roles,attributes,erased_at,is_active}')
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
            select min(format('%s: %s of %s is of type %s: %s', mapped.name, attname, source, format_type(atttypid, null), case
                when mapped.name in ('id', 'tenant_id') then 'name a column of text, uuid or whole numbers'
                when mapped.name = 'roles' then 'name a column of text or text[]'
                when mapped.name = 'attributes' then 'name a column of jsonb, or of each attribute: {"name": "full_name"}'
                when mapped.name = 'erased_at' then 'name the time since when a user is gone; whether one is there is is_active'
                when mapped.name = 'is_active' then 'name a boolean that is false of users who are gone'
                else 'name a column of text'
            end))
            from mapped
            join pg_attribute on attrelid = source and attname = mapped.value #>> '{}'
            left join pg_type as listed on listed.typarray = postbell.base_type(atttypid::regtype)
            cross join postbell.kind_of(atttypid::regtype) as kind
            where mapped.name not like 'attributes.%'
              and not case
                  when mapped.name in ('id', 'tenant_id') then kind in ('text', 'number')
                  when mapped.name = 'roles' then kind = 'text' or kind = 'list' and postbell.kind_of(listed.oid::regtype) = 'text'
                  when mapped.name = 'attributes' then kind = 'json'
                  when mapped.name = 'erased_at' then kind = 'time'
                  when mapped.name = 'is_active' then kind = 'boolean'
                  else kind = 'text'
              end
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
