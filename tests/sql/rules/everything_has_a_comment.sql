select 'schema ' || nspname as broken_by
from pg_namespace
where nspname in ('postbell', 'postbell_private')
  and obj_description(oid, 'pg_namespace') is null

union all

select 'relation ' || oid::regclass
from pg_class
where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and relkind in ('r', 'p', 'v', 'm')
  and obj_description(oid, 'pg_class') is null

union all

select 'routine ' || oid::regprocedure
from pg_proc
where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and obj_description(oid, 'pg_proc') is null

union all

select 'domain ' || typname
from pg_type
where typnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and typtype = 'd'
  and obj_description(oid, 'pg_type') is null

union all

select 'trigger ' || tgname || ' on ' || tgrelid::regclass
from pg_trigger
join pg_class on pg_class.oid = tgrelid
where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and not tgisinternal
  and tgparentid = 0
  and obj_description(pg_trigger.oid, 'pg_trigger') is null;
