-- A trigger runs with the rights of whoever writes to the table, and the casts of a foreign key with its owner's.
select relname || ': ' || privilege_type || ' to ' || grantee::regrole as broken_by
from pg_class, aclexplode(relacl)
where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace, 'postbell_queue'::regnamespace)
  and grantee <> relowner
  and privilege_type in ('TRIGGER', 'REFERENCES');
