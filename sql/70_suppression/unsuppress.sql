create or replace function postbell.unsuppress(channel text, address text, tenant_id text default 'default') returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell.suppression
    where tenant_id = unsuppress.tenant_id
      and channel = unsuppress.channel
      and address = postbell.normal_address(unsuppress.channel, unsuppress.address);
    return found;
end
$$;

comment on function postbell.unsuppress(text, text, text) is 'Allows an address again; false if it was not suppressed.';
