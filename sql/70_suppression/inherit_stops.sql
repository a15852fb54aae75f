create or replace function postbell.inherit_stops(tenant_id text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- Said before the tenant was there, to a number that it does not send from.
    delete from postbell.suppression as former
    using postbell.tenant
    where tenant.id = inherit_stops.tenant_id
      and former.tenant_id = tenant.id
      and former.reason = 'stop'
      and former.suppressed_at < tenant.created_at
      and not exists (
          select
          from postbell.stop
          cross join lateral postbell.tenants_of(stop.provider, stop.channel) as sender
          where stop.channel = former.channel
            and stop.address = former.address
            and sender.tenant_id = tenant.id
      );

    perform postbell.suppress_for_longer(array(
        select distinct on (stop.channel, stop.address)
            row(
                inherit_stops.tenant_id, stop.channel, stop.address,
                'stop', 'answered to ' || stop.provider, stop.said_at, 'infinity'
            )::postbell.suppression
        from postbell.stop
        cross join lateral postbell.tenants_of(stop.provider, stop.channel) as sender
        where sender.tenant_id = inherit_stops.tenant_id
        order by stop.channel, stop.address, stop.said_at
    ));
end
$$;

comment on function postbell.inherit_stops(text) is
    'Suppresses for a tenant whom it must not write to because they answered STOP to a number that it sends from, by now or only since then.';
