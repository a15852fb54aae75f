-- A ring is truncated; a foreign key would forbid it.
select conrelid::regclass || ' ' || conname as broken_by
from pg_constraint
where contype = 'f'
  and confrelid in (
      select unnest(array['postbell.outbox'::regclass, 'postbell_private.stream_event'::regclass])
      union all
      select inhrelid
      from pg_inherits
      where inhparent in ('postbell.outbox'::regclass, 'postbell_private.stream_event'::regclass)
  );
