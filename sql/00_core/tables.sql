create schema if not exists postbell;
comment on schema postbell is
    'Notifications as part of your transaction. Emit by inserting into postbell.outbox; ask postbell.explain why and why not.';

create schema if not exists postbell_private;
comment on schema postbell_private is
    'What only Postbell''s own processes use: functions and tables that may change with any version. postbell has what is for others.';

create domain postbell.channel as text
    constraint channel_is_known check (value in ('in_app', 'email', 'sms', 'push', 'sse'));
comment on domain postbell.channel is 'A way to reach a person.';

create domain postbell.priority as text
    constraint priority_is_known check (value in ('low', 'normal', 'high', 'critical'));
comment on domain postbell.priority is 'How urgent an event is. Critical passes quiet hours.';
