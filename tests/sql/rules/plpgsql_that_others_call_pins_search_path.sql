-- PL/pgSQL compiles a function once a session. Else whoever calls or fires it first would choose, by their search_path and
-- their temporary types, what its variables are when a function calls it that runs with the owner's rights; and an
-- administrator would run whatever others put into the schemas of their path. What costs too much to pin, the owner alone may
-- call; 30_grants.sql sees to that for postbell_admin, to whom all other functions are granted.
select pg_proc.oid::regprocedure as broken_by
from pg_proc
join pg_language on pg_language.oid = prolang
where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace, 'postbell_queue'::regnamespace)
  and lanname = 'plpgsql'
  and (
      prorettype = 'trigger'::regtype
      or exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee <> proowner)
  )
  and not coalesce('search_path=pg_catalog, pg_temp' = any (proconfig), false);
