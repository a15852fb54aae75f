select oid::regtype as broken_by
from pg_type
where typnamespace = 'postbell'::regnamespace
  and typtype = 'e';
