-- Idea 3: no foreign key, no uniqueness and no check that an event's content can violate.
select conrelid::regclass || ' ' || conname as broken_by
from pg_constraint
where conrelid = 'postbell.outbox'::regclass
  and contype in ('f', 'u', 'p', 'x', 'c')

union all

select 'not null without a default: ' || attname
from pg_attribute
where attrelid = 'postbell.outbox'::regclass
  and attnum > 0
  and attnotnull
  and not atthasdef

union all

select 'unique ' || indexrelid::regclass
from pg_index
where indrelid = 'postbell.outbox'::regclass
  and indisunique;
