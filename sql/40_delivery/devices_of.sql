create or replace function postbell.devices_of(delivery_ids bigint[])
returns table (delivery_id bigint, device_id bigint, endpoint text, p256dh text, auth text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select d.id, device.id, device.endpoint, device.p256dh, device.auth
    from unnest(devices_of.delivery_ids) as wanted (id)
    join postbell.delivery as d on d.id = wanted.id
    join postbell.push_subscription as device
        on device.tenant_id = d.tenant_id and device.recipient_id = d.recipient_id
    where not exists (
        select
        from postbell.attempt as earlier
        where earlier.delivery_id = d.id
          and earlier.device = device.id::text
          -- One that refused is asked again only when somebody revives the delivery, which counts its tries anew.
          and (earlier.outcome = 'sent' or earlier.outcome = 'refused' and d.attempts + (d.state = 'queued')::integer > 1)
    )
    order by d.id, device.id
$$;

comment on function postbell.devices_of(bigint[]) is 'The devices that each delivery still has to reach: not those that an earlier try has settled.';
