select oid::regprocedure as broken_by
from pg_proc
where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace, 'postbell_queue'::regnamespace)
  and has_function_privilege('public', oid, 'execute');
