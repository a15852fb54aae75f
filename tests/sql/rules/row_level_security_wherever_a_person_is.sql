select attrelid::regclass as broken_by
from pg_attribute
join pg_class on pg_class.oid = attrelid
where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and relkind in ('r', 'p')
  and attname = 'recipient_id'
  -- Leaves are read through their parents.
  and attrelid not in (
      select inhrelid
      from pg_inherits
      join pg_partitioned_table on partrelid = inhparent
      where partstrat = 'r'
  )
  and not (relrowsecurity and exists (select from pg_policy where polrelid = attrelid));
