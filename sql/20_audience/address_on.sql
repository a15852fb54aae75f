create or replace function postbell.address_on(channel text, recipient_id text, email text, phone text)
returns table (address text)
language sql immutable parallel safe
as $$
    select case channel
        when 'email' then email
        when 'sms' then phone
        when 'in_app' then recipient_id
        when 'sse' then recipient_id
    end
$$;

comment on function postbell.address_on is 'Where a person is reached on a channel; null if nowhere.';
