create or replace function postbell.fault_in(event postbell.outbox)
returns table (reason text, detail text)
language sql stable
as $$
    select fault.reason, fault.detail
    from (select (event).*) as e
    left join postbell.tenant as t on t.id = e.tenant_id
    left join postbell.event_type as kind on kind.key = e.event
    cross join lateral (values
        (1, 'value_too_long', (
            select name || ' has ' || length(value) || ' characters'
            from (values
                ('tenant_id', e.tenant_id), ('recipient', e.recipient), ('subject', e.subject),
                ('actor', e.actor), ('idempotency_key', e.idempotency_key)
            ) as identifier (name, value)
            where length(value) > 255
            limit 1
        )),
        (2, 'unknown_tenant', case when t.id is null then coalesce(left(e.tenant_id, 100), 'null') end),
        (3, 'unknown_event', case when kind.key is null then coalesce(left(e.event, 100), 'null') end),
        (4, 'invalid_payload', postbell.payload_fault(coalesce(e.payload, '{}'), coalesce(kind.fields, '{}'))),
        (5, 'invalid_audience', case
            when coalesce(e.recipient, '') = '' and e.audience is null then 'neither recipient nor audience is named'
            else postbell.audience_fault(e.audience)
        end),
        (6, 'invalid_channel', case
            when array_ndims(e.channels) > 1 or array_ndims(e.forced_channels) > 1 then 'a list of lists'
            else (
                select coalesce(left(named, 50), 'null')
                from unnest(e.channels || e.forced_channels) as named
                where named is null or named not in ('in_app', 'email', 'sms', 'push', 'sse')
                limit 1
            )
        end),
        (7, 'invalid_priority', case
            when e.priority not in ('low', 'normal', 'high', 'critical') then left(e.priority, 50)
        end),
        (8, 'invalid_time', case
            when not isfinite(e.deliver_at) then 'deliver_at is ' || e.deliver_at::text
            when e.expires_at <= e.deliver_at then 'expires_at is not after deliver_at'
        end),
        (9, 'unknown_recipient', case
            when e.audience is null
                and not exists (
                    select
                    from postbell.recipient
                    where tenant_id = e.tenant_id
                      and id = e.recipient
                )
                then left(e.recipient, 100)
        end)
    ) as fault (position, reason, detail)
    where fault.detail is not null
    order by fault.position
    limit 1
$$;

comment on function postbell.fault_in(postbell.outbox) is
    'The first thing wrong with an event, by its name in postbell.error_codes; no row if it is sound. The router and strict mode ask the same question.';
