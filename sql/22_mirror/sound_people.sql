create or replace function postbell.sound_people(people postbell.mirrored[])
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
            coalesce(length(given.id) between 1 and 255, false) as has_id
        from unnest(people) as given
        left join postbell.tenant as home on home.id = given.tenant_id
    ),

    -- A server asks its files for each: once will do.
    zone as materialized (
        select name, postbell.is_time_zone(name) as is_known
        from (select distinct time_zone from person where time_zone is not null) as named (name)
    ),

    judged as (
        select
            person.*,
            email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(email) <= 254 as has_email,
            postbell.number_of(phone) ~ '^[+][1-9][0-9]{6,14}$' and length(phone) <= 255 as has_phone,
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
        has_id and has_tenant,
        array_remove(
            array[
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
    from judged
$$;

comment on function postbell.sound_people is 'What of some users is of use to Postbell: an address that cannot be one is as none. The faults say what is not; with either of the first two, there is no recipient.';
