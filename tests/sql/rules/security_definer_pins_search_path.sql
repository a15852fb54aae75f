-- Else the caller's search_path decides whose function runs with the owner's rights.
select oid::regprocedure as broken_by
from pg_proc
where pronamespace = 'postbell'::regnamespace
  and prosecdef
  and not exists (select from unnest(proconfig) as setting where setting like 'search_path=%');
