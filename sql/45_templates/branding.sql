create or replace function postbell_private.keep_branding() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into postbell.branding_version (tenant_id, version, branding)
    values (old.id, old.branding_version, old.branding);
    new.branding_version := old.branding_version + 1;
    return new;
end
$$;

comment on function postbell_private.keep_branding() is 'Stores the branding that is being replaced, and numbers the new one.';


create or replace trigger keep_branding
before update on postbell.tenant
for each row
when (new.branding is distinct from old.branding)
execute function postbell_private.keep_branding();

comment on trigger keep_branding on postbell.tenant is 'Each former branding can be had back with postbell.roll_back_branding().';


create or replace function postbell.roll_back_branding(tenant_id text default 'default', to_version integer default null)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_tenant postbell.tenant;
    v_branding jsonb;
begin
    perform postbell_private.require_tenant(roll_back_branding.tenant_id);

    -- Locked against a concurrent change.
    select * into v_tenant
    from postbell.tenant
    where id = roll_back_branding.tenant_id
    for update;

    select branding into v_branding
    from postbell.branding_version
    where tenant_id = roll_back_branding.tenant_id
      and version = coalesce(roll_back_branding.to_version, v_tenant.branding_version - 1);
    if not found then
        perform postbell.raise_error(
            'invalid_argument',
            format(
                'tenant %s has no former branding %s; the present one is %s',
                roll_back_branding.tenant_id, coalesce(roll_back_branding.to_version::text, 'at all'), v_tenant.branding_version
            )
        );
    end if;

    update postbell.tenant set
        branding = v_branding
    where id = roll_back_branding.tenant_id
    returning branding_version into v_tenant.branding_version;
    return v_tenant.branding_version;
end
$$;

comment on function postbell.roll_back_branding(text, integer) is
    'Restores a former branding of a tenant, from postbell.branding_version, and returns its new number. Without a version, it restores the one before the current.';
