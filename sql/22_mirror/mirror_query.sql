create or replace function postbell.mirror_query(source regclass, mapping jsonb, tenant_id text, relation text) returns text
language sql stable
as $$
    with known as (
        select
            attname as name,
            postbell.kind_of(atttypid::regtype) as kind
        from pg_attribute
        where attrelid = source
          and attnum > 0
          and not attisdropped
    ),

    -- As it is printed, not as it is cast: a cast may be the application's own, and this runs with our rights.
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
                            -- Since changed: the query must fail, and not erase everybody.
                            else format('u.%I is of another type', value)
                        end,
                        ' or '
                    )
                    from jsonb_each_text(mapping)
                    left join printed as gone on gone.name = value
                    where key in ('erased_at', 'is_active')
                ), 'null')
                when not mapping ? part.name then case part.name when 'tenant_id' then quote_literal(tenant_id) else 'null' end
                -- Gone meanwhile: the query must fail, and not go on without it.
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

    select format('select row(%s)::postbell.mirrored as person from %s as u', string_agg(expression, ', ' order by place), relation)
    from part
$$;

comment on function postbell.mirror_query is 'The query that reads rows of a table, or of a transition table of its columns, as postbell.mirrored.';
