select oid::regtype as broken_by
from pg_type
where typnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and typtype = 'e';
