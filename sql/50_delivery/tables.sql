create table postbell.provider_choice (
    tenant_id text collate "C" not null references postbell.tenant (id) on delete cascade,
    channel postbell.channel_name not null,
    position smallint not null,

    provider text collate "C" not null,

    primary key (tenant_id, channel, position),
    unique (tenant_id, channel, provider)
);
comment on table postbell.provider_choice is 'The providers that a tenant uses on a channel, in order of preference. Without rows it uses all configured providers, in the order of the file.';
comment on column postbell.provider_choice.provider is 'A name from the file that POSTBELL_PROVIDERS names, which also has the credentials.';

create domain postbell.provider_state as text
    constraint provider_state_is_known check (value in ('ready', 'open', 'misconfigured'));
comment on domain postbell.provider_state is 'ready; open: its circuit breaker is open, because it fails or asked for a pause; misconfigured: its configuration is at fault.';

-- For display only: each process knows only its own state.
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
comment on table postbell.provider_report is 'The states of the providers of each dispatcher, reported at every change and at intervals.';
comment on column postbell.provider_report.process is 'The host and process id of the dispatcher.';
comment on column postbell.provider_report.changed_at is 'Since when it is in this state.';
comment on column postbell.provider_report.opens_at is 'When the circuit breaker next lets a call through; null if it is ready.';

create domain postbell.delivery_state as text
    constraint delivery_state_is_known check (value in (
        'queued', 'sending', 'waiting', 'unknown',
        'sent', 'delivered', 'bounced', 'failed', 'refused', 'skipped', 'expired', 'cancelled'
    ));
comment on domain postbell.delivery_state is 'The state of a delivery: queued, sending, waiting, unknown; sent, delivered; or a final state: bounced, failed, refused, skipped, expired, cancelled.';

create sequence postbell.delivery_id_seq as bigint;
comment on sequence postbell.delivery_id_seq is 'The ids of deliveries. Gaps come from rollbacks.';

-- A no takes no row of its own, where another channel of the same person and event has one.
-- What is open is small, and what is finished lies in leaves by id, and so by time; see postbell_private.leaf. No foreign
-- keys refer to it, because a referenced table cannot be truncated.
create table postbell.delivery (
    id bigint not null default nextval('postbell.delivery_id_seq'),
    -- Only postbell_private.make_deliveries() inserts here, from the row of postbell_private.notification.
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
    not_sent text[],
    is_open boolean not null,

    constraint decision_is_known check (decision in ('now', 'later', 'no'))
) partition by list (is_open);
alter sequence postbell.delivery_id_seq owned by postbell.delivery.id;

-- Free space on the page and no index on changing columns make updates HOT.
create table postbell.open_delivery partition of postbell.delivery for values in (true) with (fillfactor = 70);
alter table postbell.open_delivery add primary key (id);
create unique index open_delivery_once_idx on postbell.open_delivery (notification_id, recipient_id, channel);
create index open_delivery_of_recipient_idx on postbell.open_delivery (recipient_id, tenant_id);
comment on table postbell.open_delivery is 'Deliveries that are queued, sending, waiting or of unknown outcome. postbell_private.place_deliveries() moves them to postbell.finished_delivery.';

create table postbell.finished_delivery partition of postbell.delivery for values in (false) partition by range (id);
alter table postbell.finished_delivery add primary key (id);
create index finished_delivery_of_event_idx on postbell.finished_delivery (notification_id, recipient_id);
-- For analytics by day. BRIN is cheap for inserts. With multiple ranges (minmax_multi), because scheduled events that
-- were emitted long ago lie among new ones.
create index finished_delivery_time_idx on postbell.finished_delivery
using brin (created_at timestamptz_minmax_multi_ops) with (autosummarize = on);
create index finished_delivery_of_recipient_idx on postbell.finished_delivery (recipient_id, tenant_id, id);
comment on table postbell.finished_delivery is 'Deliveries with a final state. Receipts still change them, and postbell.retry() opens them again.';
comment on table postbell.delivery is 'One channel of one recipient of one event: the decision and its delivery.';
comment on column postbell.delivery.decision is 'The last decision: now, later or no, as in postbell.explain(). It stays later once the delivery is due.';
comment on column postbell.delivery.rung is 'The rung of the ladder that made the last decision; 0 for none.';
comment on column postbell.delivery.decision_reason is 'The reason of the last decision; see postbell_private.ladder().';
comment on column postbell.delivery.is_silent is 'Whether it is muted: kept in the inbox and not counted as unread.';
comment on column postbell.delivery.reason is 'The reason for its state, if that is not the decision, such as a provider''s answer, or cancelled. Null once it is sent, unless some devices of the person were not reached.';
-- Written by the update that settles the delivery, at no extra cost. In postbell.attempt, every reader of the log would
-- have to find the last attempt.
comment on column postbell.delivery.template_version is
    'The version of the templates that the last attempt was rendered from: a hash of the event''s templates (postbell.event_type.version, or one in postbell.template_set), a dot, and the number of the tenant''s branding.';
comment on column postbell.delivery.created_at is 'When the event was emitted.';
comment on column postbell.delivery.is_open is 'Whether it lies in postbell.open_delivery.';
comment on column postbell.delivery.not_sent is 'The other channels of the person and event that the router decided against, each as "channel:rung:reason". Null if there are none; the first row of the person has them.';

-- An unsettled delivery is either here or in a batch.
create table postbell.waiting_delivery (
    delivery_id bigint primary key,
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    is_retry boolean not null,
    due_at timestamptz not null
);
create index waiting_delivery_due_idx on postbell.waiting_delivery (due_at, delivery_id);
create index waiting_delivery_of_recipient_idx on postbell.waiting_delivery (recipient_id, tenant_id);
comment on table postbell.waiting_delivery is 'Deliveries that wait for the end of quiet hours or for a retry. They are decided again when due.';

create table postbell_private.unknown_delivery (
    delivery_id bigint primary key,
    due_at timestamptz not null
);
create index unknown_delivery_due_idx on postbell_private.unknown_delivery (due_at, delivery_id);
comment on table postbell_private.unknown_delivery is
    'Deliveries of unknown outcome, until a receipt or a timeout settles them; see postbell_private.settle_unknown().';

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
comment on table postbell.batch is 'Deliveries that are claimed and sent together: those of one queue job, or a few without one. The row is deleted when all of them are settled.';
comment on column postbell.batch.claims is 'How often the batch was claimed. One that is claimed often and never finished is split; see postbell_private.split_batch().';
comment on column postbell.batch.claimed_at is 'When the batch was claimed, or last known to be in progress without a queue job; see postbell_private.sweep().';
-- Random, because a crash may undo a claim that is not on disk, and a counter would repeat.
comment on column postbell.batch.claim_token is 'A random token, new for each claim, which is needed to start, record or finish anything of the batch.';

-- Without primary and foreign keys, to be cheap: every message that a provider takes has a row.
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

    constraint outcome_is_known check (outcome in ('sent', 'retry', 'passed_on', 'refused', 'unknown', 'failed'))
) partition by range (delivery_id);
create index attempt_of_delivery_idx on postbell.attempt (delivery_id);
-- For receipts that name no delivery. Message-IDs of e-mails (<…>) are never looked up alone, and not indexed.
create index attempt_of_message_idx on postbell.attempt (provider_message_id) where provider_message_id not like '<%';
create index attempt_time_idx on postbell.attempt using brin (attempted_at) with (autosummarize = on);
comment on table postbell.attempt is 'Every call of a provider. Append-only. The inbox and the stream have none.';
comment on column postbell.attempt.outcome is 'What the provider answered: sent, refused, unknown; retry, to be tried again later; passed_on, and the next provider was called at once; failed, and it was the last attempt.';
comment on column postbell.attempt.code is 'The code of the provider''s answer, such as 550 5.1.1.';
comment on column postbell.attempt.device is 'For push, the id of the subscription. A retry skips devices that are reached already.';

-- Rare: a delivery that is sent as decided has none.
create table postbell.delivery_step (
    delivery_id bigint not null,

    what text not null,
    reason text,
    happened_at timestamptz not null default clock_timestamp(),

    constraint step_is_known check (what in ('given_up', 'stopped', 'released', 'retried'))
);
create index delivery_step_of_delivery_idx on postbell.delivery_step (delivery_id);
comment on table postbell.delivery_step is 'Steps of a delivery besides the calls of providers. Append-only; see postbell.delivery_timeline.';
comment on column postbell.delivery_step.what is 'given_up: by Postbell and not by a provider, such as for a template that fails; stopped: not to be sent any more; released: its wait is over; retried: a dead letter is sent again.';
comment on column postbell.delivery_step.reason is 'Why the delivery was given up or stopped, or what it had waited for.';

create table postbell.dead_letter (
    delivery_id bigint primary key,
    died_at timestamptz not null default clock_timestamp()
);
create index dead_letter_time_idx on postbell.dead_letter (died_at);
comment on table postbell.dead_letter is 'Deliveries that were given up. postbell.retry() sends them again.';
