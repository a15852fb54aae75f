create or replace function postbell_private.base_type(type regtype) returns regtype
language sql stable
return (
    with recursive beneath as (
        select oid, typtype, typbasetype
        from pg_type
        where oid = base_type.type

        union all

        select t.oid, t.typtype, t.typbasetype
        from beneath
        join pg_type as t on t.oid = beneath.typbasetype
        where beneath.typtype = 'd'
    )

    select oid
    from beneath
    where typtype <> 'd'
);

comment on function postbell_private.base_type(regtype) is 'Returns the base type of a domain, through nested domains; any other type as it is.';


create or replace function postbell_private.classify_type(type regtype) returns text
language sql stable
return (
    select case
        when typcategory = 'A' then 'list'
        when typcategory = 'B' then 'boolean'
        when typcategory = 'D' then 'time'
        when oid = 'jsonb'::regtype then 'json'
        when oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype) then 'number'
        when typcategory in ('S', 'E') or oid = 'uuid'::regtype then 'text'
        -- A type of an extension, such as one for phone numbers.
        when typcategory = 'U' and typnamespace <> 'pg_catalog'::regnamespace then 'text'
        else 'other'
    end
    from pg_type
    where oid = postbell_private.base_type(classify_type.type)
);

comment on function postbell_private.classify_type(regtype) is 'Classifies a column type of a users table: text, number, boolean, time, list, json or other.';


create or replace function postbell_private.mirror_fault(source regclass, mapping jsonb) returns text
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
            -- The trigger for TRUNCATE reads the table.
            select format('%s owns Postbell and may not read %s: grant select on %s to %s', proowner::regrole, source, source, proowner::regrole)
            from pg_proc
            where oid = 'postbell.follow_users'::regproc
              and not has_table_privilege(proowner, source, 'select')
        ),
        (
            -- Rows are copied with the rights of Postbell's owner, who may read more than the caller.
            select format('%s may not read %s', current_user, source)
            where not has_table_privilege(source, 'select')
        ),
        (
            -- A policy would decide which rows are copied, and its functions would run with the rights of Postbell's owner.
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
            left join pg_type as listed on listed.typarray = postbell_private.base_type(atttypid::regtype)
            cross join postbell_private.classify_type(atttypid::regtype) as kind
            where mapped.name not like 'attributes.%'
              and not case
                  when mapped.name in ('id', 'tenant_id') then kind in ('text', 'number')
                  when mapped.name = 'roles' then kind = 'text' or kind = 'list' and postbell_private.classify_type(listed.oid::regtype) = 'text'
                  when mapped.name = 'attributes' then kind = 'json'
                  when mapped.name = 'erased_at' then kind = 'time'
                  when mapped.name = 'is_active' then kind = 'boolean'
                  else kind = 'text'
              end
        ),
        (
            -- With two rows for one person, deleting either would erase the person.
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

comment on function postbell_private.mirror_fault(regclass, jsonb) is 'Describes what is wrong with a mapping of a table''s columns to recipients; null if it is valid.';


create or replace function postbell_private.mirror_trigger_fault(source regclass) returns text
language sql stable
as $$
    select 'its triggers are gone or disabled'
    from pg_trigger
    where tgrelid = source
      and tgfoid = 'postbell.follow_users'::regproc
      and tgenabled <> 'D'
    having count(*) < 4
$$;

comment on function postbell_private.mirror_trigger_fault(regclass) is 'Describes what is wrong with the triggers on a mirrored table; null if nothing is.';


create or replace function postbell_private.require_valid_mirror() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_fault text := postbell_private.mirror_fault(new.source, new.mapping);
begin
    if v_fault is not null then
        perform postbell.raise_error('invalid_argument', v_fault);
    end if;
    return new;
end
$$;

comment on function postbell_private.require_valid_mirror() is
    'Raises invalid_argument unless the mapping fits the table and the current role may read the table. It runs with the rights of the role that writes the row.';


create or replace trigger require_valid_mirror
before insert or update of source, mapping on postbell_private.recipient_mirror
for each row
execute function postbell_private.require_valid_mirror();

comment on trigger require_valid_mirror on postbell_private.recipient_mirror is 'Only a table that the writer may read, with a mapping that fits it.';


create or replace function postbell_private.mirror_query(source regclass, mapping jsonb, tenant_id text, relation text) returns text
language sql stable
as $$
    with known as (
        select
            attname as name,
            postbell_private.classify_type(atttypid::regtype) as kind
        from pg_attribute
        where attrelid = source
          and attnum > 0
          and not attisdropped
    ),

    -- Uses the type's output function and no cast: a cast may be the application's, and this runs with the owner's rights.
    printed as (
        select
            name,
            kind,
            format(case kind when 'list' then 'nullif(concat(u.%I), %L)::text[]' else 'nullif(concat(u.%I), %L)' end, name, '') as expression
        from known
    ),

    part as (
        select
            place,
            case
                when part.name = 'attributes' and jsonb_typeof(mapping -> 'attributes') = 'object' then (
                    select format(
                        'jsonb_build_object(%s)',
                        string_agg(
                            format('%L, ', key) || case when kind in ('list', 'text', 'time', 'other') then expression else format('u.%I', value) end,
                            ', '
                        )
                    )
                    from jsonb_each_text(mapping -> 'attributes')
                    left join printed on printed.name = value
                )
                when part.name = 'erased_at' then coalesce((
                    select string_agg(
                        case
                            when key = 'erased_at' and kind = 'time' then format('u.%I is not null', value)
                            when key = 'is_active' and kind = 'boolean' then format('u.%I is false', value)
                            -- The column's type has changed: the query must fail, or it would erase everybody.
                            else format('u.%I is of another type', value)
                        end,
                        ' or '
                    )
                    from jsonb_each_text(mapping)
                    left join printed as gone on gone.name = value
                    where key in ('erased_at', 'is_active')
                ), 'null')
                when not mapping ? part.name then case part.name when 'tenant_id' then quote_literal(tenant_id) else 'null' end
                -- The column has been dropped: the query must fail.
                when printed.name is null then format('u.%I', mapping ->> part.name)
                when part.name = 'roles' and kind <> 'list' then
                    format(case kind when 'text' then 'array[%s]' else '%s is of another type' end, expression)
                when part.name = 'attributes' then
                    format(case kind when 'json' then 'u.%I' else 'u.%I is of another type' end, printed.name)
                else expression
            end as expression
        from unnest(
            '{tenant_id,id,email,phone,locale,time_zone,roles,attributes,erased_at}'::text[]
        ) with ordinality as part (name, place)
        left join printed on printed.name = mapping ->> part.name
    )

    select format('select row(%s)::postbell_private.mirrored as person from %s as u', string_agg(expression, ', ' order by place), relation)
    from part
$$;

comment on function postbell_private.mirror_query is 'Returns a query that reads a users table, or a transition table with its columns, as rows of postbell_private.mirrored.';
