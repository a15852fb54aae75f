create or replace function postbell.tenants_of(provider text, channel text) returns table (tenant_id text)
language sql stable
as $$
    select tenant.id
    from postbell.tenant
    where exists (
            select
            from postbell.provider_choice as choice
            where choice.tenant_id = tenant.id
              and choice.channel = tenants_of.channel
              and choice.provider = tenants_of.provider
        )
       -- Without a choice: any of the file's.
       or not exists (
            select
            from postbell.provider_choice as choice
            where choice.tenant_id = tenant.id
              and choice.channel = tenants_of.channel
        )
$$;

comment on function postbell.tenants_of(text, text) is 'The tenants that may send through a provider on a channel.';
