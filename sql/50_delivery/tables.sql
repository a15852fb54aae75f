create table postbell.provider_choice (
    tenant_id text collate "C" not null references postbell.tenant (id) on delete cascade,
    channel postbell.channel_name not null,
    position smallint not null,

    provider text collate "C" not null,

    primary key (tenant_id, channel, position),
    unique (tenant_id, channel, provider)
);
comment on table postbell.provider_choice is 'Which providers a tenant uses on a channel, in order of preference. Without rows: all that are configured, in the order of the file.';
comment on column postbell.provider_choice.provider is 'A name from the file that POSTBELL_PROVIDERS names. Credentials are there, never here.';

create domain postbell.provider_state as text
    constraint provider_state_is_known check (value in ('ready', 'open', 'misconfigured'));
comment on domain postbell.provider_state is 'ready; open: its circuit breaker is, since it fails or asked to be left alone; misconfigured: our configuration of it is at fault.';

-- A note that processes leave, not a truth to rely on: each knows only its own.
create unlogged table postbell.provider_report (
    process text collate "C" not null,
    provider text collate "C" not null,

    channel postbell.channel_name not null,
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

create domain postbell.delivery_state as text
    constraint delivery_state_is_known check (value in (
        'queued', 'sending', 'waiting', 'unknown',
        'sent', 'delivered', 'bounced', 'failed', 'refused', 'skipped', 'expired', 'cancelled'
    ));
comment on domain postbell.delivery_state is 'queued, sending, sent, delivered; or waiting, unknown; or an end: bounced, failed, refused, skipped, expired, cancelled.';

-- One channel of one recipient of one event, also where the decision was no: this is the answer to "why not".
-- Room on the page and no index on what changes: a delivery's updates stay where it is (HOT).
create table postbell.delivery (
    id bigint generated always as identity primary key,
    -- Of postbell_private.notification. Not declared: checking it would lock that row for each delivery, and only
    -- postbell_private.deliver() writes here, from the row itself.
    notification_id bigint not null,
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    event text collate "C" not null,
    channel postbell.channel_name not null,
    priority postbell.priority not null,

    decision text not null,
    rung smallint not null,
    decision_reason text not null,
    is_silent boolean not null,

    state postbell.delivery_state not null,
    reason text,
    attempts smallint not null default 0,
    provider text,
    provider_message_id text,
    template_version text collate "C",

    due_at timestamptz,
    created_at timestamptz not null,
    sent_at timestamptz,
    delivered_at timestamptz,
    opened_at timestamptz,
    clicked_at timestamptz,

    constraint decision_is_known check (decision in ('now', 'later', 'no'))
) with (fillfactor = 70);
create unique index delivery_once_idx on postbell.delivery (notification_id, recipient_id, channel);
-- For figures by day. BRIN costs an insert next to nothing; of several ranges, for what was emitted long before it was
-- due lies among what is new.
create index delivery_time_idx on postbell.delivery
using brin (created_at timestamptz_minmax_multi_ops) with (autosummarize = on);
create index delivery_of_recipient_idx on postbell.delivery (recipient_id, tenant_id, id);
comment on table postbell.delivery is 'What was decided about one channel of one recipient of one event, and what became of it.';
comment on column postbell.delivery.decision is 'now, later or no, as postbell.explain() says it: the last time that it was decided. later stays when its time has come.';
comment on column postbell.delivery.rung is 'Of the ladder, that decided the last time; 0 for none.';
comment on column postbell.delivery.decision_reason is 'Why it was decided so the last time; see postbell_private.ladder().';
comment on column postbell.delivery.is_silent is 'Muted: kept in the inbox, not counted as unread.';
comment on column postbell.delivery.reason is 'Why it is in its state, where the decision alone does not say: what a provider answered, say, or cancelled. Null once it is sent, on every channel, unless some of a person''s devices were not reached.';
-- Written by the update that settles the delivery, so it costs its bytes and nothing else. An attempt would be the
-- other place, and then every reader of the log would have to look for the last one.
comment on column postbell.delivery.template_version is
    'What its text was made of, by the last that tried to send it: a hash of the event''s templates (postbell.event_type.version, or one in postbell.template_set), a dot, and the number of the tenant''s branding.';
comment on column postbell.delivery.created_at is 'When the event was emitted.';

-- What is not settled is in exactly one of two places: waiting here, or in a batch.
create table postbell.waiting_delivery (
    delivery_id bigint primary key references postbell.delivery (id) on delete cascade,
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    is_retry boolean not null,
    due_at timestamptz not null
);
create index waiting_delivery_due_idx on postbell.waiting_delivery (due_at, delivery_id);
create index waiting_delivery_of_recipient_idx on postbell.waiting_delivery (recipient_id, tenant_id);
comment on table postbell.waiting_delivery is 'Deliveries for later: quiet hours and retries. They are decided again when due.';

create table postbell_private.unknown_delivery (
    delivery_id bigint primary key references postbell.delivery (id) on delete cascade,
    due_at timestamptz not null
);
create index unknown_delivery_due_idx on postbell_private.unknown_delivery (due_at, delivery_id);
comment on table postbell_private.unknown_delivery is
    'Deliveries that may or may not have been sent, until their provider tells, or is given up waiting for; see postbell_private.settle_unknown().';

create table postbell.batch (
    id bigint generated always as identity primary key,
    tenant_id text collate "C" not null,
    channel postbell.channel_name not null,
    priority postbell.priority not null,
    is_bulk boolean not null,
    delivery_ids bigint[] not null,

    claims integer not null default 0,
    claim_token uuid,
    created_at timestamptz not null default clock_timestamp(),
    claimed_at timestamptz
);
comment on table postbell.batch is 'Deliveries that one queue job carries. It is gone when all of them are settled.';
comment on column postbell.batch.claims is 'How often a dispatcher took it: one that is never finished ends its dispatcher, see postbell_private.split_batch().';
-- At random, and no count: a crash undoes what did not reach the disk, and numbers begin again where they were.
comment on column postbell.batch.claim_token is 'Another one for each claim. Who records, starts or finishes anything shows it.';

-- No key of its own and none elsewhere: one row a message, and nothing but its delivery asks for it.
create table postbell.attempt (
    delivery_id bigint not null,

    outcome text not null,
    provider text not null,
    provider_message_id text,
    code text,
    reason text,
    device text,
    latency_ms real,
    attempted_at timestamptz not null default clock_timestamp(),

    constraint outcome_is_known check (outcome in ('sent', 'retry', 'refused', 'unknown', 'failed'))
);
create index attempt_of_delivery_idx on postbell.attempt (delivery_id);
-- For receipts that name nothing else. Nobody looks for a mail's own Message-ID (<…>): it costs no index.
create index attempt_of_message_idx on postbell.attempt (provider_message_id) where provider_message_id not like '<%';
create index attempt_time_idx on postbell.attempt using brin (attempted_at) with (autosummarize = on);
comment on table postbell.attempt is 'Every call of a provider, append-only.';
comment on column postbell.attempt.code is 'The provider''s own, such as 550 5.1.1.';
comment on column postbell.attempt.device is 'For push: which subscription. A retry skips those already reached.';

-- Rare: what went as decided, and well, has none.
create table postbell.delivery_step (
    delivery_id bigint not null references postbell.delivery (id) on delete cascade,

    what text not null,
    reason text,
    happened_at timestamptz not null default clock_timestamp(),

    constraint step_is_known check (what in ('given_up', 'stopped', 'released', 'retried'))
);
create index delivery_step_of_delivery_idx on postbell.delivery_step (delivery_id);
comment on table postbell.delivery_step is 'What befell deliveries beside the calls of providers, append-only; see postbell.delivery_timeline.';
comment on column postbell.delivery_step.what is 'given_up: by us and not by a provider, for a template that fails, say; stopped: not to be sent any more; released: what it had waited for is over; retried: a dead letter is sent again.';
comment on column postbell.delivery_step.reason is 'Why it was given up or stopped; what it had waited for.';

create table postbell.dead_letter (
    delivery_id bigint primary key references postbell.delivery (id) on delete cascade,
    died_at timestamptz not null default clock_timestamp()
);
create index dead_letter_time_idx on postbell.dead_letter (died_at);
comment on table postbell.dead_letter is 'Deliveries given up on; postbell.retry() takes them up again.';
