create or replace function postbell.address_on(channel text, tenant_id text, recipient_id text, email text, phone text)
returns table (address text)
language sql stable parallel safe
as $$
    select case channel
        when 'email' then trim(email)
        when 'sms' then postbell.number_of(phone)
        when 'in_app' then recipient_id
        when 'sse' then recipient_id
        -- A person with a device; which one is asked when the message goes out. Looked up for this channel alone.
        when 'push' then (
            select device.recipient_id
            from postbell.push_subscription as device
            where device.tenant_id = address_on.tenant_id
              and device.recipient_id = address_on.recipient_id
            limit 1
        )
    end
$$;

comment on function postbell.address_on is 'Where a person is reached on a channel; null if nowhere.';
