select attrelid::regclass as broken_by
from pg_attribute
join pg_class on pg_class.oid = attrelid
where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and relkind in ('r', 'p')
  and attname = 'recipient_id'
  and not (relrowsecurity and exists (select from pg_policy where polrelid = attrelid));
