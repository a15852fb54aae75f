create or replace function postbell.fault_in(
    tenant_id text, event text, recipient text, payload jsonb, audience jsonb,
    channels text[], forced_channels text[], priority text, subject text, actor text, idempotency_key text,
    deliver_at timestamptz, expires_at timestamptz
) returns table (reason text, detail text)
language sql stable
as $$
    select
        found.reason,
        -- Only for what is faulty: most events are not.
        case found.reason
            when 'value_too_long' then coalesce(
                (
                    select name || ' has ' || length(value) || ' characters'
                    from (values
                        ('tenant_id', fault_in.tenant_id), ('recipient', fault_in.recipient), ('subject', fault_in.subject),
                        ('actor', fault_in.actor), ('idempotency_key', fault_in.idempotency_key)
                    ) as identifier (name, value)
                    where length(value) > 255
                    limit 1
                ),
                postbell.overlong_in(fault_in.audience)
            )
            when 'unknown_tenant' then coalesce(fault_in.tenant_id, 'null')
            when 'unknown_event' then coalesce(left(fault_in.event, 100), 'null')
            when 'invalid_payload' then (
                select fault from postbell.payload_fault(coalesce(fault_in.payload, '{}'), found.fields)
            )
            when 'invalid_audience' then coalesce(
                postbell.audience_fault(fault_in.audience), 'neither recipient nor audience is named'
            )
            when 'invalid_channel' then case
                when array_ndims(fault_in.channels) > 1 or array_ndims(fault_in.forced_channels) > 1 then 'a list of lists'
                else (
                    select coalesce(left(named, 50), 'null')
                    from unnest(fault_in.channels || fault_in.forced_channels) as named
                    where named is null or named <> all('{in_app,email,sms,push,sse}')
                    limit 1
                )
            end
            when 'invalid_priority' then left(fault_in.priority, 50)
            when 'invalid_time' then case
                when isfinite(fault_in.deliver_at) is false then 'deliver_at is ' || fault_in.deliver_at::text
                else 'expires_at is not after deliver_at'
            end
            when 'unknown_recipient' then fault_in.recipient
        end
    from (
        select
            kind.fields,
            case
                when greatest(
                    length(fault_in.tenant_id), length(fault_in.recipient), length(fault_in.subject),
                    length(fault_in.actor), length(fault_in.idempotency_key)
                ) > 255
                    or fault_in.audience is not null and postbell.overlong_in(fault_in.audience) is not null
                    then 'value_too_long'
                when t.id is null then 'unknown_tenant'
                when kind.key is null then 'unknown_event'
                when (select fault from postbell.payload_fault(coalesce(fault_in.payload, '{}'), kind.fields)) is not null
                    then 'invalid_payload'
                when fault_in.audience is null and coalesce(fault_in.recipient, '') = ''
                    or fault_in.audience is not null and postbell.audience_fault(fault_in.audience) is not null
                    then 'invalid_audience'
                when not fault_in.channels <@ array['in_app', 'email', 'sms', 'push', 'sse']
                    or not fault_in.forced_channels <@ array['in_app', 'email', 'sms', 'push', 'sse']
                    or array_ndims(fault_in.channels) > 1
                    or array_ndims(fault_in.forced_channels) > 1
                    then 'invalid_channel'
                when fault_in.priority not in ('low', 'normal', 'high', 'critical') then 'invalid_priority'
                when not isfinite(fault_in.deliver_at) or fault_in.expires_at <= fault_in.deliver_at then 'invalid_time'
                when fault_in.audience is null and person.id is null then 'unknown_recipient'
            end as reason
        from (values (1)) as one (row)
        left join postbell.tenant as t on t.id = fault_in.tenant_id
        left join postbell.event_type as kind on kind.key = fault_in.event
        left join postbell.recipient as person on person.tenant_id = fault_in.tenant_id and person.id = fault_in.recipient
    ) as found
    where found.reason is not null
$$;

comment on function postbell.fault_in is
    'The first thing wrong with an event, by its name in postbell.error_codes; no row if it is sound. The router and strict mode ask the same question. Column by column: a row made anew for each look at it would cost more than all that is asked.';
