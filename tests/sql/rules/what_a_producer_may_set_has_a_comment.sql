-- \d+ postbell.outbox is what a producer reads.
select 'postbell.outbox.' || attname as broken_by
from pg_attribute
where attrelid = 'postbell.outbox'::regclass
  and attnum > 0
  and has_column_privilege('postbell_producer', attrelid, attnum, 'insert')
  and col_description(attrelid, attnum) is null;
