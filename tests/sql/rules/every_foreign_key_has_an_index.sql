-- Else deleting one row of the other table reads all of this one.
select conrelid::regclass || ' ' || conname as broken_by
from pg_constraint
where connamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and contype = 'f'
  and not exists (
      select
      from pg_index
      where indrelid = conrelid
        and indpred is null
        -- The key's columns lead the index, in any order.
        and (indkey::smallint[])[0:cardinality(conkey) - 1] @> conkey
  );
