create or replace function postbell.tenants_of(provider text, channel text) returns table (tenant_id text)
language sql stable
as $$
    select tenant.id
    from postbell.tenant
    where not tenants_of.channel = any(tenant.disabled_channels)
$$;

comment on function postbell.tenants_of(text, text) is 'The tenants that send through a provider on a channel.';
