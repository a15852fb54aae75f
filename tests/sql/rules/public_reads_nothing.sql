-- PUBLIC is the grantee without an oid.
select relname || ' to ' || privilege_type as broken_by
from pg_class, aclexplode(relacl)
where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace, 'postbell_queue'::regnamespace)
  and grantee = 0

union all

select nspname || ' to ' || privilege_type
from pg_namespace, aclexplode(nspacl)
where nspname in ('postbell', 'postbell_private', 'postbell_queue')
  and grantee = 0;
