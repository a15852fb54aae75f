create or replace function postbell.base_type(type regtype) returns regtype
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

comment on function postbell.base_type(regtype) is 'The type that a domain is of, or a domain of domains; any other type itself.';
