select attrelid::regclass || '.' || attname as broken_by
from pg_attribute
join pg_class on pg_class.oid = attrelid
where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and relkind in ('r', 'p', 'v', 'm')
  and attnum > 0
  and atttypid = 'timestamptz'::regtype
  and attname !~ '(_at|_until|^until)$';
