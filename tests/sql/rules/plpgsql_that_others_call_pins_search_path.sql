-- PL/pgSQL compiles a function once a session. Whoever may call or fire it first would choose, by their search_path and their
-- temporary types, what its variables are when a function calls it that runs with the owner's rights. So it pins its path, or
-- is revoked from postbell_admin in 30_grants.sql, to whom else all functions are granted.
select pg_proc.oid::regprocedure as broken_by
from pg_proc
join pg_language on pg_language.oid = prolang
where pronamespace in ('postbell'::regnamespace, 'postbell_queue'::regnamespace)
  and lanname = 'plpgsql'
  and prosrc ~* '\mdeclare\M'
  and (
      prorettype = 'trigger'::regtype
      or exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee <> proowner)
  )
  and not coalesce('search_path=pg_catalog, pg_temp' = any (proconfig), false);
