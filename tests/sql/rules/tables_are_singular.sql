select oid::regclass as broken_by
from pg_class
where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and relkind in ('r', 'p')
  and relname ~ '[^s]s$'
  and relname <> 'quiet_hours';
