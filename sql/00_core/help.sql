create or replace function postbell.help(about text default null)
returns table (name text, arguments text, purpose text, roles text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select
        proname::text,
        pg_get_function_arguments(pg_proc.oid),
        -- The first sentence of the comment.
        substring(regexp_replace(obj_description(pg_proc.oid, 'pg_proc'), '\s+', ' ', 'g') from '^.*?(?:\.(?= )|$)'),
        (
            select string_agg(replace(rolname, 'postbell_', ''), ', ' order by rolname)
            from aclexplode(proacl)
            join pg_roles on pg_roles.oid = grantee
            where rolname ~ '^postbell_'
              and grantee <> proowner
              and privilege_type = 'EXECUTE'
        )
    from pg_proc
    where pronamespace = 'postbell'::regnamespace
      and prorettype <> 'trigger'::regtype
      and has_function_privilege(pg_proc.oid, 'execute')
      and (help.about is null or strpos(proname, lower(help.about)) > 0)
    order by proname, pronargs, 2
$$;

comment on function postbell.help(text) is
    'Lists the functions of this schema that the current role may call, or those whose names contain a word. For each: arguments, purpose and the roles of Postbell that may call it.';
