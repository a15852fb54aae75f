create table postbell.provider_choice (
    tenant_id text collate "C" not null references postbell.tenant (id) on delete cascade,
    channel postbell.channel not null,
    position smallint not null,

    provider text collate "C" not null,

    primary key (tenant_id, channel, position),
    unique (tenant_id, channel, provider)
);
comment on table postbell.provider_choice is 'Which providers a tenant uses on a channel, in order of preference. Without rows: all that are configured, in the order of the file.';
comment on column postbell.provider_choice.provider is 'A name from the file that POSTBELL_PROVIDERS names. Credentials are there, never here.';

create domain postbell.provider_state as text
    constraint provider_state_is_known check (value in ('ready', 'resting', 'paused'));
comment on domain postbell.provider_state is 'ready; resting: it fails, or asked to be left alone; paused: our configuration of it is at fault.';

-- A note that processes leave, not a truth to rely on: each knows only its own.
create unlogged table postbell.provider_report (
    process text collate "C" not null,
    provider text collate "C" not null,

    channel postbell.channel not null,
    state postbell.provider_state not null,
    reason text,

    changed_at timestamptz not null,
    opens_at timestamptz,
    reported_at timestamptz not null default clock_timestamp(),

    primary key (process, provider)
);
comment on table postbell.provider_report is 'How the providers of each dispatcher are doing. Each says so at every change, and now and then.';
comment on column postbell.provider_report.process is 'Host and process id.';
comment on column postbell.provider_report.changed_at is 'Since when it is in that state.';
comment on column postbell.provider_report.opens_at is 'When it is asked again; null if it is ready.';
