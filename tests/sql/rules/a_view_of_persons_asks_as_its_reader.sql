-- A view reads with its owner's rights, past row-level security, unless it says otherwise.
select attrelid::regclass as broken_by
from pg_attribute
join pg_class on pg_class.oid = attrelid
where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and relkind = 'v'
  and attname in ('recipient_id', 'recipient')
  and not coalesce('security_invoker=true' = any (reloptions), false);
