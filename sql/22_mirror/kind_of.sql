create or replace function postbell.kind_of(type regtype) returns text
language sql stable
return (
    select case
        when typcategory = 'A' then 'list'
        when typcategory = 'B' then 'boolean'
        when typcategory = 'D' then 'time'
        when oid = 'jsonb'::regtype then 'json'
        when oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype) then 'number'
        when typcategory in ('S', 'E') or oid = 'uuid'::regtype then 'text'
        -- An extension's, such as one for phone numbers.
        when typcategory = 'U' and typnamespace <> 'pg_catalog'::regnamespace then 'text'
        else 'other'
    end
    from pg_type
    where oid = postbell.base_type(kind_of.type)
);

comment on function postbell.kind_of(regtype) is 'What a column of a users table holds, as far as a mirror cares: text, number, boolean, time, list, json or other.';
