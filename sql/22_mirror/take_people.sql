create or replace function postbell.take_people(people postbell.mirrored[], mapping jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell.let_go(array(
        select person
        from unnest(people) as person
        where person.is_erased
    ));

    with sound as materialized (
        -- A user twice in a statement is one recipient; in order, so that two statements do not lock crosswise.
        select distinct on (tenant_id, id) *
        from postbell.sound_people(people)
        where not is_erased
          and is_somebody
        order by tenant_id, id
    ),

    written as (
        insert into postbell.recipient as known (tenant_id, id, email, phone, locale, time_zone, attributes)
        select tenant_id, id, email, phone, locale, time_zone, attributes
        from sound
        on conflict (tenant_id, id) do update set
            -- What is not mapped is not the mirror's, and stays.
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

    -- By person, which the offset sees to: an import of millions must not read all roles for each portion of it.
    held as (
        select role_of.tenant_id, role_of.role, role_of.recipient_id
        from sound
        cross join lateral (
            select *
            from postbell.recipient_role
            where tenant_id = sound.tenant_id
              and recipient_id = sound.id
            offset 0
        ) as role_of
        where mapping ? 'roles'
          and role_of.role <> all(sound.roles)
    ),

    taken_away as (
        delete from postbell.recipient_role
        where (tenant_id, role, recipient_id) in (table held)
    )

    insert into postbell.recipient_role (tenant_id, role, recipient_id)
    select tenant_id, unnest(roles), id
    from sound
    where mapping ? 'roles'
    on conflict do nothing;
end
$$;

comment on function postbell.take_people is 'Makes recipients of users, or changes them: in the columns that are mapped, and only where something is different.';
