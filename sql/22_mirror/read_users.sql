create or replace function postbell.read_users(
    source regclass, mapping jsonb, tenant_id text, tenants text[] default null
) returns setof postbell.mirrored[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
-- A policy of the application's is an error then, and not run with our rights.
set row_security = off
as $$
begin
    return query execute postbell.in_portions(format(
        'select person from (%s) as found where %L::text[] is null or (person).tenant_id = any (%L)',
        postbell.mirror_query(source, mapping, tenant_id, source::text), tenants, tenants
    ));
exception
    -- Of a class that followers take for trouble of the moment, which this is not.
    when object_not_in_prerequisite_state then
        raise wrong_object_type using message = sqlerrm;
end
$$;

comment on function postbell.read_users is 'The users in a mirrored table, of some tenants or of all, by 5,000 at a time. Runs nothing of the application''s.';

-- The application may put a view where its table was, even between two steps of ours: then its functions would run with our
-- rights. PostgreSQL can refuse that since 15.8 and 16.4.
do $$
begin
    if exists (select from pg_settings where name = 'restrict_nonsystem_relation_kind') then
        alter function postbell.read_users set restrict_nonsystem_relation_kind = 'view,foreign-table';
    end if;
end
$$;
