-- Else the caller's search_path decides whose function runs with the owner's rights. pg_temp stands last: where a path
-- does not name it, types are looked for among the caller's own temporary ones before any other.
select oid::regprocedure as broken_by
from pg_proc
where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and prosecdef
  and not coalesce('search_path=pg_catalog, pg_temp' = any (proconfig), false);
