-- Its name is the error message: key_is_dotted_lower_case, fields_are_an_object.
select coalesce(conrelid::regclass::text, contypid::regtype::text) || ' ' || conname as broken_by
from pg_constraint
left join pg_class on pg_class.oid = conrelid
where connamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and contype = 'c'
  and conname !~ '_(is|are|can|has|have|names|needs|ends|starts|comes|lies|fits|says)(_|$)';
