-- A log is append-only and takes whatever comes: nobody asks for one of its rows.
select oid::regclass as broken_by
from pg_class
where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and relkind in ('r', 'p')
  -- postbell.delivery consists of two tables with a key each.
  and oid not in (
      'postbell.outbox'::regclass, 'postbell.attempt'::regclass, 'postbell.delivery_step'::regclass,
      'postbell_private.stream_event'::regclass, 'postbell.delivery'::regclass
  )
  and not (relkind = 'r' and relispartition)
  and not exists (select from pg_index where indrelid = pg_class.oid and indisunique and indpred is null);
