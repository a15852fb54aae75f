create or replace function postbell.require_tenant(tenant_id text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from postbell.tenant where id = require_tenant.tenant_id) then
        perform postbell.raise_error('unknown_tenant', coalesce(require_tenant.tenant_id, 'null'));
    end if;
end
$$;

comment on function postbell.require_tenant(text) is 'Raises unknown_tenant unless the tenant exists.';
