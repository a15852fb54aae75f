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
comment on table postbell.suppression is 'Addresses that must not be written to, whoever has them now.';
comment on column postbell.suppression.expires_at is 'Soft reasons pass; infinity: for good.';

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
    'Who answered STOP to a number of ours, until they answer START. It is suppressed for each tenant that sends from there, also for one that comes later.';
comment on column postbell_private.stop.provider is 'Whose number it is: a name from the file that POSTBELL_PROVIDERS names.';
