create table postbell.suppression (
    tenant_id text collate "C" not null references postbell.tenant (id) on delete cascade,
    channel postbell.channel not null,
    address text collate "C" not null,

    reason text not null,
    detail text,
    suppressed_at timestamptz not null default now(),
    expires_at timestamptz not null default 'infinity',

    primary key (tenant_id, channel, address),
    constraint reason_is_known check (reason in ('bounce', 'complaint', 'unsubscribe', 'stop', 'gone', 'manual')),
    constraint address_is_normalised check (address = lower(trim(address)))
);
comment on table postbell.suppression is 'Addresses that must not be written to, whoever has them now.';
comment on column postbell.suppression.expires_at is 'Soft reasons pass; infinity: for good.';
