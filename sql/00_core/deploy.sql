create or replace function postbell.contract() returns integer
language sql immutable
return 4;

comment on function postbell.contract() is
    'Returns the contract number, which schema and daemon must share. A daemon refuses a schema of another contract.';


create or replace function postbell_private.drop_code(routines oid[], views oid[], with_dependents boolean) returns setof text
language plpgsql
as $$
declare
    v_in_the_way text;
    v_object text;
begin
    with recursive dependent (classid, objid) as (
        select start.classid, unnest(start.objids)
        from (values
            ('pg_proc'::regclass::oid, routines),
            ('pg_class'::regclass::oid, views)
        ) as start (classid, objids)

        union

        -- A view depends on other objects through its rewrite rule.
        select
            case when rule.oid is null then link.classid else 'pg_class'::regclass::oid end,
            coalesce(rule.ev_class, link.objid)
        from dependent
        join pg_depend as link
            on link.refclassid = dependent.classid
            and link.refobjid = dependent.objid
            and link.deptype in ('n', 'a', 'i')
        left join pg_rewrite as rule
            on link.classid = 'pg_rewrite'::regclass
            and rule.oid = link.objid
    ),

    code (classid, objid) as (
        select 'pg_proc'::regclass::oid, oid from pg_proc where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
        union all
        select 'pg_class'::regclass::oid, oid from pg_class where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace) and relkind in ('v', 'm')
        union all
        select 'pg_trigger'::regclass::oid, pg_trigger.oid
        from pg_trigger
        join pg_class on pg_class.oid = tgrelid
        where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
        union all
        select 'pg_policy'::regclass::oid, pg_policy.oid
        from pg_policy
        join pg_class on pg_class.oid = polrelid
        where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
        union all
        -- A view's row type and its array type.
        select 'pg_type'::regclass::oid, oid from pg_type where typnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
    )

    select string_agg(pg_describe_object(classid, objid, 0), ', ') into v_in_the_way
    from dependent
    where objid <> all (routines || views)
      and classid <> 'pg_type'::regclass
      and not (with_dependents and exists (select from code where code.classid = dependent.classid and code.objid = dependent.objid));

    if v_in_the_way is not null then
        raise exception using
            errcode = 'dependent_objects_still_exist',
            message = 'needed by ' || v_in_the_way,
            hint = 'Drop or change what depends on it, deploy, and create it again.';
    end if;

    -- CASCADE may have dropped a later object already, hence IF EXISTS.
    -- Names are read first: a dropped object has none.
    foreach v_object in array array(
        select format('%s %s', 'view', oid::regclass) from pg_class where oid = any (views)
        union all
        select format('%s %s', 'routine', oid::regprocedure) from pg_proc where oid = any (routines)
    ) loop
        execute format('drop %s cascade', regexp_replace(v_object, ' ', ' if exists '));
        return next v_object;
    end loop;
end
$$;

comment on function postbell_private.drop_code is
    'Drops routines and views during a deploy and returns what was dropped. With with_dependents, code of Postbell that depends on them is dropped too, to be defined again. Any other dependent object raises dependent_objects_still_exist.';


create or replace function postbell_private.drop_undeclared(triggers text[]) returns setof text
language plpgsql
as $$
declare
    v_trigger text;
begin
    -- Deploy leaves unchanged triggers alone, so undeclared ones are found by name. A partition's clone is dropped with its parent.
    for v_trigger in
        select format('trigger %I on %s', tgname, tgrelid::regclass)
        from pg_trigger
        join pg_class on pg_class.oid = tgrelid
        where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
          and not tgisinternal
          and tgparentid = 0
          and relname || '.' || tgname <> all (triggers)
    loop
        execute 'drop ' || v_trigger;
        return next v_trigger;
    end loop;

    -- This transaction has just defined every declared routine and view, so a catalog row
    -- that another transaction wrote belongs to an object that no file declares. Verbs stay, as
    -- events do: those of an application's own events are declared in folders that this deploy may not know.
    return query
    select dropped
    from postbell_private.drop_code(
        array(
            select oid
            from pg_proc
            where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
              and xmin <> pg_current_xact_id()::xid
              and not (pronamespace = 'postbell'::regnamespace and proname ^@ 'notify_')
        ),
        array(
            select pg_class.oid
            from pg_class
            join pg_rewrite on ev_class = pg_class.oid
            where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
              and relkind in ('v', 'm')
              and pg_rewrite.xmin <> pg_current_xact_id()::xid
        ),
        with_dependents => false
    ) as dropped;
end
$$;

comment on function postbell_private.drop_undeclared is
    'Drops the routines, views and triggers that no file declares any more, but for verbs, during a deploy. Returns what was dropped.';
