create or replace function postbell.upsert_recipient(
    id text,
    email text default null,
    phone text default null,
    locale text default null,
    time_zone text default null,
    roles text[] default null,
    attributes jsonb default null,
    tenant_id text default 'default'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_role text;
begin
    perform postbell.require_tenant(upsert_recipient.tenant_id);
    perform postbell.require_identifier('id', upsert_recipient.id);
    perform postbell.require_short('email', upsert_recipient.email);
    perform postbell.require_short('phone', upsert_recipient.phone);
    perform postbell.require_short('locale', upsert_recipient.locale);
    foreach v_role in array coalesce(upsert_recipient.roles, '{}') loop
        perform postbell.require_identifier('a role', v_role);
    end loop;
    if upsert_recipient.time_zone is not null and not postbell.is_time_zone(upsert_recipient.time_zone) then
        perform postbell.raise_error('invalid_time_zone', upsert_recipient.time_zone);
    end if;

    insert into postbell.recipient as known (tenant_id, id, email, phone, locale, time_zone, attributes)
    values (
        upsert_recipient.tenant_id, upsert_recipient.id,
        nullif(trim(upsert_recipient.email), ''), nullif(trim(upsert_recipient.phone), ''),
        nullif(upsert_recipient.locale, ''), upsert_recipient.time_zone, coalesce(upsert_recipient.attributes, '{}')
    )
    on conflict (tenant_id, id) do update set
        email = coalesce(excluded.email, known.email),
        phone = coalesce(excluded.phone, known.phone),
        locale = coalesce(excluded.locale, known.locale),
        time_zone = coalesce(excluded.time_zone, known.time_zone),
        attributes = coalesce(upsert_recipient.attributes, known.attributes),
        updated_at = postbell.clock(),
        erased_at = null;

    -- Null leaves the roles alone, an empty list takes them all away.
    if upsert_recipient.roles is not null then
        delete from postbell.recipient_role
        where tenant_id = upsert_recipient.tenant_id
          and recipient_id = upsert_recipient.id
          and role <> all(upsert_recipient.roles);

        insert into postbell.recipient_role (tenant_id, role, recipient_id)
        select upsert_recipient.tenant_id, role, upsert_recipient.id
        from unnest(upsert_recipient.roles) as role
        on conflict do nothing;
    end if;
end
$$;

comment on function postbell.upsert_recipient is 'Creates a person or changes what is named; null leaves a value as it is.';
