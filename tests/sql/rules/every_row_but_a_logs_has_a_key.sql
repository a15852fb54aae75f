-- A log is append-only and takes whatever comes: nobody asks for one of its rows.
select oid::regclass as broken_by
from pg_class
where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and relkind in ('r', 'p')
  and oid not in (
      'postbell.outbox'::regclass, 'postbell.attempt'::regclass, 'postbell.delivery_step'::regclass,
      'postbell_private.stream_event'::regclass
  )
  and oid not in (
      select inhrelid
      from pg_inherits
      where inhparent in ('postbell.outbox'::regclass, 'postbell_private.stream_event'::regclass)
  )
  and not exists (select from pg_index where indrelid = pg_class.oid and indisunique and indpred is null);
