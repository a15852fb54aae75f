create or replace function postbell.drop_undeclared(triggers text[]) returns setof text
language plpgsql
as $$
declare
    v_trigger text;
begin
    -- A trigger that is as declared was left alone, so these go by name. A clone on a leaf goes with its parent.
    for v_trigger in
        select format('trigger %I on %s', tgname, tgrelid::regclass)
        from pg_trigger
        join pg_class on pg_class.oid = tgrelid
        where relnamespace = 'postbell'::regnamespace
          and not tgisinternal
          and tgparentid = 0
          and relname || '.' || tgname <> all (triggers)
    loop
        execute 'drop ' || v_trigger;
        return next v_trigger;
    end loop;

    -- Deploy has just defined every declared routine and view, so a catalog row
    -- that another transaction wrote belongs to something no file declares.
    return query
    select dropped
    from postbell.drop_code(
        array(
            select oid
            from pg_proc
            where pronamespace = 'postbell'::regnamespace
              and xmin <> pg_current_xact_id()::xid
        ),
        array(
            select pg_class.oid
            from pg_class
            join pg_rewrite on ev_class = pg_class.oid
            where relnamespace = 'postbell'::regnamespace
              and relkind in ('v', 'm')
              and pg_rewrite.xmin <> pg_current_xact_id()::xid
        ),
        with_dependents => false
    ) as dropped;
end
$$;

comment on function postbell.drop_undeclared is
    'For deploy: drops the routines, views and triggers that no file declares any more.';
