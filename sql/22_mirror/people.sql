create or replace function postbell_private.in_chunks(query text) returns text
language sql immutable parallel safe
return format(
    'select array_agg(person) from (select person, (row_number() over () - 1) / 5000 as portion from (%s) as found) as numbered group by portion',
    query
);

comment on function postbell_private.in_chunks(text) is 'Wraps a query so that it returns arrays of 5,000 people each, since a table of millions must not become one value.';


create or replace function postbell_private.read_users(
    source regclass, mapping jsonb, tenant_id text, tenants text[] default null
) returns setof postbell_private.mirrored[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
-- A row-level security policy of the application raises an error, instead of running with the owner's rights.
set row_security = off
as $$
begin
    return query execute postbell_private.in_chunks(format(
        'select person from (%s) as found where %L::text[] is null or (person).tenant_id = any (%L)',
        postbell_private.mirror_query(source, mapping, tenant_id, source::text), tenants, tenants
    ));
exception
    -- SQLSTATE class 55 counts as transient, which this error is not.
    when object_not_in_prerequisite_state then
        raise wrong_object_type using message = sqlerrm;
end
$$;

comment on function postbell_private.read_users is 'Returns the users in a mirrored table, of some tenants or of all, in arrays of 5,000. It runs no code of the application.';

-- The application may replace its table by a view at any time, whose functions would run with the owner's rights.
-- PostgreSQL can refuse that since 15.8 and 16.4.
do $$
begin
    if exists (select from pg_settings where name = 'restrict_nonsystem_relation_kind') then
        alter function postbell_private.read_users set restrict_nonsystem_relation_kind = 'view,foreign-table';
    end if;
end
$$;


create or replace function postbell_private.validate_recipients(people postbell_private.mirrored[])
returns table (
    tenant_id text, id text, email text, phone text, locale text, time_zone text,
    roles text[], attributes jsonb, is_erased boolean, is_somebody boolean, faults text[]
)
language sql stable
as $$
    with person as materialized (
        select
            given.tenant_id, given.id, nullif(trim(given.email), '') as email, nullif(trim(given.phone), '') as phone,
            nullif(trim(given.locale), '') as locale, nullif(trim(given.time_zone), '') as time_zone,
            given.roles, given.attributes, coalesce(given.is_erased, false) as is_erased,
            home.id is not null as has_tenant,
            coalesce(length(given.id) between 1 and 255, false) as has_id,
            forgotten.recipient_id is not null as is_forgotten
        from unnest(people) as given
        left join postbell.tenant as home on home.id = given.tenant_id
        left join postbell_private.erased_among(
            array(select person.tenant_id from unnest(people) as person), array(select person.id from unnest(people) as person)
        ) as forgotten on forgotten.tenant_id = given.tenant_id and forgotten.recipient_id = given.id
    ),

    -- Each zone is checked once, because the server reads a file for it.
    zone as materialized (
        select name, postbell.is_time_zone(name) as is_known
        from (select distinct time_zone from person where time_zone is not null) as named (name)
    ),

    validated as (
        select
            person.*,
            email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(email) <= 254 as has_email,
            postbell_private.normal_phone(phone) ~ '^[+][1-9][0-9]{6,14}$' and length(phone) <= 255 as has_phone,
            length(locale) <= 35 as has_locale,
            zone.is_known as has_zone,
            jsonb_typeof(attributes) = 'object' as has_attributes
        from person
        left join zone on zone.name = person.time_zone
    )

    select
        tenant_id, id,
        case when has_email then email end,
        case when has_phone then phone end,
        case when has_locale then locale end,
        case when has_zone then time_zone end,
        array(select distinct role from unnest(roles) as held (role) where length(role) between 1 and 255),
        case when has_attributes then attributes else '{}' end,
        is_erased,
        has_id and has_tenant and not is_forgotten,
        array_remove(
            array[
                case
                    when is_forgotten and not is_erased
                        then 'id is that of an erased person: nobody is made of it unless postbell.upsert_recipient(…, forgive => true) is called'
                end,
                case when not has_id then 'id is empty or too long: nobody is made of it' end,
                case when not has_tenant then 'tenant_id is unknown: nobody is made of it until there is such a tenant' end,
                case when not has_email then 'email is no address' end,
                case when not has_phone then 'phone is no international number, such as +33612345678' end,
                case when not has_locale then 'locale is too long' end,
                case when not has_zone then 'time_zone is no IANA name' end,
                case when not has_attributes then 'attributes is no object' end
            ],
            null
        )
    from validated
$$;

comment on function postbell_private.validate_recipients is 'Validates mirrored users: invalid values become null and are listed in faults. A user with an invalid id or an unknown tenant does not become a recipient, nor does an erased person.';


create or replace function postbell.mirror_faults(source regclass) returns table (tenant_id text, recipient_id text, fault text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_mirror postbell_private.recipient_mirror;
    v_people postbell_private.mirrored[];
begin
    select * into v_mirror
    from postbell_private.recipient_mirror as known
    where known.source = mirror_faults.source;
    if not found then
        perform postbell.raise_error('invalid_argument', mirror_faults.source || ' is not mirrored');
    end if;

    for v_people in
        select people from postbell_private.read_users(v_mirror.source, v_mirror.mapping, v_mirror.tenant_id) as people
    loop
        return query
        select person.tenant_id, person.id, unnest(person.faults)
        from postbell_private.validate_recipients(v_people) as person;
    end loop;
end
$$;

comment on function postbell.mirror_faults(regclass) is 'Lists the invalid values of a mirrored table, with the user of each. It reads the whole table.';


create or replace function postbell_private.unlink_recipient(people postbell_private.mirrored[]) returns void
language sql
as $$
    with gone as materialized (
        select distinct tenant_id, id
        from unnest(people)
    ),

    without_role as (
        delete from postbell.recipient_role as held
        using gone
        where held.tenant_id = gone.tenant_id
          and held.recipient_id = gone.id
    ),

    without_device as (
        delete from postbell.push_subscription as device
        using gone
        where device.tenant_id = gone.tenant_id
          and device.recipient_id = gone.id
    )

    update postbell.recipient as person
    set email = null, phone = null, chat = null, attributes = '{}', updated_at = postbell.clock(), erased_at = postbell.clock()
    from gone
    where person.tenant_id = gone.tenant_id
      and person.id = gone.id
      and person.erased_at is null
$$;

comment on function postbell_private.unlink_recipient is 'Marks the recipients of deleted users as erased: they are not notified any more, and their addresses, devices, roles and attributes are deleted. The delivery log stays.';


create or replace function postbell_private.upsert_mirrored(people postbell_private.mirrored[], mapping jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell_private.unlink_recipient(array(
        select person
        from unnest(people) as person
        where person.is_erased
    ));

    with valid as materialized (
        -- A user may occur twice in a statement. The order keeps two statements from deadlocking.
        select distinct on (tenant_id, id) *
        from postbell_private.validate_recipients(people)
        where not is_erased
          and is_somebody
        order by tenant_id, id
    ),

    written as (
        insert into postbell.recipient as known (tenant_id, id, email, phone, locale, time_zone, attributes)
        select tenant_id, id, email, phone, locale, time_zone, attributes
        from valid
        on conflict (tenant_id, id) do update set
            -- A column that is not mapped stays as it is.
            email = case when mapping ? 'email' then excluded.email else known.email end,
            phone = case when mapping ? 'phone' then excluded.phone else known.phone end,
            locale = case when mapping ? 'locale' then excluded.locale else known.locale end,
            time_zone = case when mapping ? 'time_zone' then excluded.time_zone else known.time_zone end,
            attributes = case when mapping ? 'attributes' then excluded.attributes else known.attributes end,
            updated_at = postbell.clock(),
            erased_at = null
        where known.erased_at is not null
           or mapping ? 'email' and known.email is distinct from excluded.email
           or mapping ? 'phone' and known.phone is distinct from excluded.phone
           or mapping ? 'locale' and known.locale is distinct from excluded.locale
           or mapping ? 'time_zone' and known.time_zone is distinct from excluded.time_zone
           or mapping ? 'attributes' and known.attributes is distinct from excluded.attributes
    ),

    -- OFFSET 0 has the roles looked up by person, so that an import of millions does not read all roles for each chunk.
    held as (
        select role_of.tenant_id, role_of.role, role_of.recipient_id
        from valid
        cross join lateral (
            select *
            from postbell.recipient_role
            where tenant_id = valid.tenant_id
              and recipient_id = valid.id
            offset 0
        ) as role_of
        where mapping ? 'roles'
          and role_of.role <> all(valid.roles)
    ),

    taken_away as (
        delete from postbell.recipient_role
        where (tenant_id, role, recipient_id) in (table held)
    )

    insert into postbell.recipient_role (tenant_id, role, recipient_id)
    select tenant_id, unnest(roles), id
    from valid
    where mapping ? 'roles'
    on conflict do nothing;

    -- Erased by a transaction that the INSERT has waited for.
    delete from postbell.recipient as person
    using postbell_private.erased_among(
        array(select given.tenant_id from unnest(people) as given), array(select given.id from unnest(people) as given)
    ) as forgotten
    where person.tenant_id = forgotten.tenant_id
      and person.id = forgotten.recipient_id;
    perform postbell_private.revive_suppressions(
        array(select given.tenant_id from unnest(people) as given), array(select given.id from unnest(people) as given)
    );
end
$$;

comment on function postbell_private.upsert_mirrored is 'Creates recipients for users or updates them, in the mapped columns and only if a value differs.';


create or replace function postbell_private.mirror_chunk(call text, people postbell_private.mirrored[]) returns text
language sql
as $$
    select format('user %s of tenant %s: %s: %s', (people[place]).id, (people[place]).tenant_id, code, message)
    from postbell_private.isolate(call, people)
    order by place
    limit 1
$$;

comment on function postbell_private.mirror_chunk(text, postbell_private.mirrored[]) is
    'Mirrors a chunk of users by a call for postbell_private.isolate(), so that a user who fails does not affect the others. Returns the error of the first who failed; null if none did.';
