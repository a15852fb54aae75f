-- So that a change of state stays on its page (HOT) and no index grows by it.
select indexrelid::regclass as broken_by
from pg_index
join pg_attribute on attrelid = indrelid and attname = 'state'
where indrelid in ('postbell.open_delivery'::regclass, 'postbell.finished_delivery'::regclass)
  and (
      attnum = any (indkey::smallint[])
      or pg_get_expr(indpred, indrelid) ~ '\mstate\M'
      or pg_get_expr(indexprs, indrelid) ~ '\mstate\M'
  );
