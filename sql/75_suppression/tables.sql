create table postbell.suppression (
    tenant_id text collate "C" not null references postbell.tenant (id) on delete cascade,
    channel postbell.channel_name not null,
    address text collate "C" not null,

    reason text not null,
    detail text,
    suppressed_at timestamptz not null default now(),
    expires_at timestamptz not null default 'infinity',

    primary key (tenant_id, channel, address),
    constraint reason_is_known check (reason in ('bounce', 'complaint', 'unsubscribe', 'stop', 'gone', 'manual')),
    constraint address_is_short check (octet_length(address) <= 2000),
    constraint address_is_normalised check (address = lower(trim(address)))
);
comment on table postbell.suppression is 'Addresses to which no messages are sent, whoever has them now.';
comment on column postbell.suppression.expires_at is 'When the suppression ends; infinity for never.';

create table postbell_private.stop (
    provider text collate "C" not null,
    channel postbell.channel_name not null,
    address text collate "C" not null,

    said_at timestamptz not null default now(),

    primary key (provider, channel, address),
    constraint address_is_short check (length(address) <= 255),
    constraint address_is_normalised check (address = lower(trim(address)))
);
comment on table postbell_private.stop is
    'Addresses that answered STOP to a number, until they answer START. They are suppressed for every tenant that sends from the number, also for those that are created later.';
comment on column postbell_private.stop.provider is 'The provider of the number: a name from the file that POSTBELL_PROVIDERS names.';
