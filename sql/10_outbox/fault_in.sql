create or replace function postbell.fault_in(event postbell.outbox)
returns table (reason text, detail text)
language sql stable
as $$
    select
        found.reason,
        -- Only for what is faulty: most events are not.
        case found.reason
            when 'value_too_long' then (
                select name || ' has ' || length(value) || ' characters'
                from (values
                    ('tenant_id', (event).tenant_id), ('recipient', (event).recipient), ('subject', (event).subject),
                    ('actor', (event).actor), ('idempotency_key', (event).idempotency_key)
                ) as identifier (name, value)
                where length(value) > 255
                limit 1
            )
            when 'unknown_tenant' then coalesce((event).tenant_id, 'null')
            when 'unknown_event' then coalesce(left((event).event, 100), 'null')
            when 'invalid_payload' then (
                select fault from postbell.payload_fault(coalesce((event).payload, '{}'), found.fields)
            )
            when 'invalid_audience' then coalesce(
                postbell.audience_fault((event).audience), 'neither recipient nor audience is named'
            )
            when 'invalid_channel' then case
                when array_ndims((event).channels) > 1 or array_ndims((event).forced_channels) > 1 then 'a list of lists'
                else (
                    select coalesce(left(named, 50), 'null')
                    from unnest((event).channels || (event).forced_channels) as named
                    where named is null or named <> all('{in_app,email,sms,push,sse}')
                    limit 1
                )
            end
            when 'invalid_priority' then left((event).priority, 50)
            when 'invalid_time' then case
                when isfinite((event).deliver_at) is false then 'deliver_at is ' || (event).deliver_at::text
                else 'expires_at is not after deliver_at'
            end
            when 'unknown_recipient' then (event).recipient
        end
    from (
        select
            kind.fields,
            case
                when greatest(
                    length((event).tenant_id), length((event).recipient), length((event).subject),
                    length((event).actor), length((event).idempotency_key)
                ) > 255 then 'value_too_long'
                when t.id is null then 'unknown_tenant'
                when kind.key is null then 'unknown_event'
                when (select fault from postbell.payload_fault(coalesce((event).payload, '{}'), kind.fields)) is not null
                    then 'invalid_payload'
                when (event).audience is null and coalesce((event).recipient, '') = ''
                    or (event).audience is not null and postbell.audience_fault((event).audience) is not null
                    then 'invalid_audience'
                when not (event).channels <@ array['in_app', 'email', 'sms', 'push', 'sse']
                    or not (event).forced_channels <@ array['in_app', 'email', 'sms', 'push', 'sse']
                    or array_ndims((event).channels) > 1
                    or array_ndims((event).forced_channels) > 1
                    then 'invalid_channel'
                when (event).priority not in ('low', 'normal', 'high', 'critical') then 'invalid_priority'
                when not isfinite((event).deliver_at) or (event).expires_at <= (event).deliver_at then 'invalid_time'
                when (event).audience is null and person.id is null then 'unknown_recipient'
            end as reason
        from (values (1)) as one (row)
        left join postbell.tenant as t on t.id = (event).tenant_id
        left join postbell.event_type as kind on kind.key = (event).event
        left join postbell.recipient as person on person.tenant_id = (event).tenant_id and person.id = (event).recipient
    ) as found
    where found.reason is not null
$$;

comment on function postbell.fault_in(postbell.outbox) is
    'The first thing wrong with an event, by its name in postbell.error_codes; no row if it is sound. The router and strict mode ask the same question.';
