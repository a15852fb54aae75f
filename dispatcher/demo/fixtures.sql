-- Two tenants, their people, and what each person prefers: everybody is a different case of who is told what.
insert into postbell.tenant (id, name, base_url, locale, currency, time_zone, branding, disabled_channels)
values
    (
        'default', 'Fernhill Research', current_setting('demo.page') || '/shops/default', 'en', 'GBP', 'Europe/London',
        '{"from_name": "Fernhill Research", "from_address": "orders@fernhill.example", "support_email": "help@fernhill.example", "color": "#1f6f54"}',
        '{}'
    ),
    -- It sends texts where the other pushes.
    (
        'mistral', 'Atelier Mistral', current_setting('demo.page') || '/shops/mistral', 'fr', 'EUR', 'Europe/Paris',
        '{"from_name": "Atelier Mistral", "from_address": "commandes@mistral.example", "support_email": "aide@mistral.example", "color": "#9a3412"}',
        '{push}'
    )
on conflict (id) do update
set
    name = excluded.name, base_url = excluded.base_url, locale = excluded.locale, currency = excluded.currency,
    time_zone = excluded.time_zone, branding = excluded.branding, disabled_channels = excluded.disabled_channels;

insert into postbell.tenant_event (tenant_id, event, default_channels)
values ('mistral', 'payment.installment_due', '{in_app,email,sms,sse}');

-- Whoever is in our table is a recipient, and whoever leaves it is erased.
select postbell.mirror_recipients(
    'shop.person',
    '{"id": "id", "tenant_id": "tenant_id", "email": "email", "phone": "phone", "locale": "locale", "time_zone": "time_zone",
      "roles": "roles", "attributes": {"name": "name"}}'
);

set role marketplace;
insert into shop.person (tenant_id, id, name, email, phone, locale, time_zone, roles, habit)
values
    ('default', 'ada', 'Ada Lindqvist', 'ada@clients.example', '+447700900101', null, null, '{}', 'leaves the defaults'),
    ('default', 'ben', 'Ben Okafor', 'ben@clients.example', '+447700900102', null, null, '{}', 'wants no e-mail about orders'),
    ('default', 'chiyo', 'Chiyo Tanaka', 'chiyo@clients.example', null, null, 'Asia/Tokyo', '{}', 'is asleep in Tokyo: no e-mail before morning'),
    ('default', 'dev', 'Dev Raman', null, null, null, null, '{}', 'has no e-mail address'),
    ('default', 'elif', 'Elif Demir', 'elif@bounces.example', null, null, null, '{}', 'has an address that bounced'),
    ('default', 'farid', 'Farid Haddad', 'farid@clients.example', null, 'ar', null, '{}', 'reads Arabic, and muted everything about orders'),
    ('default', 'gus', 'Gus Petersen', 'gus@clients.example', null, null, null, '{}', 'has spent nearly all that was in his wallet'),
    ('default', 'greta', 'Greta Nowak', 'greta@writers.example', '+447700900108', null, null, '{writer}', 'writes, and teaches'),
    ('default', 'sol', 'Sol Vega', 'sol@fernhill.example', '+447700900109', null, null, '{support}', 'answers tickets'),
    ('mistral', 'helene', 'Hélène Marchand', 'helene@clients.example', '+33639980101', null, null, '{}', 'reads French'),
    ('mistral', 'imran', 'Imran Siddiqui', 'imran@clients.example', '+33639980102', 'en', null, '{}', 'reads English'),
    ('mistral', 'jules', 'Jules Ferrand', 'jules@writers.example', '+33639980103', null, null, '{writer}', 'writes, and teaches'),
    ('mistral', 'noe', 'Noé Garnier', 'noe@mistral.example', '+33639980104', null, null, '{support}', 'answers tickets');

insert into shop.account (client_id)
select id from shop.person where roles = '{}';
update shop.account set balance = 20 where client_id = 'gus';
reset role;

select
    postbell.set_preference(recipient => 'ben', enabled => false, channel => 'email', category => 'orders'),
    -- A night that has just begun, whatever time it is where the demo runs.
    postbell.set_quiet_hours(
        recipient => 'chiyo',
        starts => date_trunc('minute', now() at time zone 'Asia/Tokyo' - interval '1 h')::time,
        ends => date_trunc('minute', now() at time zone 'Asia/Tokyo' + interval '8 h')::time,
        channels => '{email}'
    ),
    postbell.suppress(channel => 'email', address => 'elif@bounces.example', reason => 'bounce'),
    postbell.mute(recipient => 'farid', category => 'orders');

-- What a browser says of itself when somebody allows notifications on it; the keys are the example of RFC 8291.
select postbell.add_push_subscription(
    recipient => id, endpoint => 'https://phones.example/' || replace(name, ' ', '+'),
    p256dh => 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth => 'BTBZMqHH6r4Tts7J_aSIgg', user_agent => 'The phone of the demo'
)
from shop.person
where tenant_id = 'default' and phone is not null;
