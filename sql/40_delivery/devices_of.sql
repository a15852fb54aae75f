create or replace function postbell.devices_of(batch_id bigint, claim_token uuid)
returns table (delivery_id bigint, device_id bigint, endpoint text, p256dh text, auth text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select d.id, device.id, device.endpoint, device.p256dh, device.auth
    from postbell.batch
    cross join lateral unnest(batch.delivery_ids) as carried (id)
    join postbell.delivery as d on d.id = carried.id
    join postbell.push_subscription as device
        on device.tenant_id = d.tenant_id and device.recipient_id = d.recipient_id
    where batch.id = devices_of.batch_id
      and batch.claim_token = devices_of.claim_token
      and d.state in ('queued', 'sending')
      and not exists (
          select
          from postbell.attempt as earlier
          where earlier.delivery_id = d.id
            and earlier.device = device.id::text
            -- One that refused is asked again only when somebody revives the delivery, which counts its tries anew.
            and (earlier.outcome = 'sent' or earlier.outcome = 'refused' and d.attempts + (d.state = 'queued')::integer > 1)
      )
    order by d.id, device.id
$$;

comment on function postbell.devices_of(bigint, uuid) is
    'The devices that each delivery of a claimed batch still has to reach: not those that an earlier try has settled. None if the claim does not hold.';
