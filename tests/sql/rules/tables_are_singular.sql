select oid::regclass as broken_by
from pg_class
where relnamespace = 'postbell'::regnamespace
  and relkind in ('r', 'p')
  and relname ~ '[^s]s$'
  and relname <> 'quiet_hours';
