create or replace function postbell.mirror_query(source regclass, mapping jsonb, tenant_id text, relation text) returns text
language sql stable
as $$
    with known as (
        select
            attname as name,
            case
                when typcategory = 'A' then 'list'
                when typcategory = 'B' then 'boolean'
                when pg_type.oid = 'jsonb'::regtype then 'json'
                when pg_type.oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype) then 'number'
                else 'text'
            end as kind
        from pg_attribute
        join pg_type on pg_type.oid = atttypid
        where attrelid = source
          and attnum > 0
          and not attisdropped
    ),

    -- A text can be had of every type; what else is read can be had of this one.
    part as (
        select
            place,
            case
                when part.name = 'attributes' and jsonb_typeof(mapping -> 'attributes') = 'object' then (
                    select 'jsonb_build_object('
                        || string_agg(
                            format(case when kind = 'text' then '%L, u.%I::text' else '%L, u.%I' end, key, value), ', '
                        )
                        || ')'
                    from jsonb_each_text(mapping -> 'attributes')
                    left join known on known.name = value
                )
                when not mapping ? part.name then case part.name when 'tenant_id' then quote_literal(tenant_id) else 'null' end
                else format(
                    case
                        when part.name = 'roles' and kind = 'list' then 'u.%1$I::text[]'
                        when part.name = 'roles' then 'array[u.%1$I::text]'
                        when part.name = 'attributes' and kind = 'json' then 'u.%1$I'
                        when part.name = 'attributes' then 'null'
                        when part.name = 'erased_at' and kind = 'boolean' then 'u.%1$I is true'
                        when part.name = 'erased_at' then 'u.%1$I is not null'
                        else 'u.%1$I::text'
                    end,
                    mapping ->> part.name
                )
            end as expression
        from unnest(
            '{tenant_id,id,email,phone,locale,time_zone,roles,attributes,erased_at}'::text[]
        ) with ordinality as part (name, place)
        left join known on known.name = mapping ->> part.name
    )

    select format('select row(%s)::postbell.mirrored as person from %s as u', string_agg(expression, ', ' order by place), relation)
    from part
$$;

comment on function postbell.mirror_query is 'The query that reads rows of a table, or of a transition table of its columns, as postbell.mirrored.';
