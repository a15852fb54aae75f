-- How far the router has come: a chain, each link one more than the last. Two routers that both take the same
-- step collide on the key, so an overtaken leader cannot route anything twice. Rows are only added, because
-- an updated row would drag its dead versions along while somebody holds the xmin horizon.
create table postbell_private.router_step (
    step bigint primary key,

    snapshot pg_snapshot not null,
    window_snapshot pg_snapshot,
    position_xid xid8,
    position_id bigint,

    system_identifier bigint not null,
    routed_at timestamptz not null default clock_timestamp(),

    constraint position_is_inside_a_window check (num_nonnulls(window_snapshot, position_xid, position_id) in (0, 3))
);
comment on table postbell_private.router_step is 'The router''s progress; the row with the highest step counts.';
comment on column postbell_private.router_step.snapshot is 'Everything visible in it is routed.';
comment on column postbell_private.router_step.window_snapshot is 'Everything visible in it and not in snapshot is being routed, in (xid, id) order; null between windows.';
comment on column postbell_private.router_step.position_xid is 'With position_id, the last row routed in the window.';
comment on column postbell_private.router_step.system_identifier is 'The cluster in which these transaction ids mean something.';
insert into postbell_private.router_step (step, snapshot, system_identifier)
select 0, pg_current_snapshot(), system_identifier
from pg_control_system();

-- What was accepted from the outbox. Everything later reads this and not the ring, which is truncated.
create table postbell_private.notification (
    id bigint primary key,
    xid xid8 not null,

    tenant_id text collate "C" not null,
    event text collate "C" not null,
    recipient text,
    audience jsonb,
    actor text,
    subject text collate "C",
    payload jsonb not null,

    channels text[],
    forced_channels text[],
    priority text not null,
    deliver_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz not null,
    routed_at timestamptz not null default clock_timestamp()
);
create index notification_subject_idx on postbell_private.notification (subject, tenant_id) where subject is not null;
comment on table postbell_private.notification is 'An event that passed the router: what its deliveries are made of. The id is that of the outbox row.';

create table postbell.rejected_event (
    outbox_id bigint not null,

    tenant_id text,
    event text,
    recipient text,
    reason text not null,
    detail text,
    source jsonb,
    created_at timestamptz not null,
    rejected_at timestamptz not null default clock_timestamp()
);
create unique index rejected_event_once_idx on postbell.rejected_event (outbox_id, recipient) nulls not distinct;
create index rejected_event_created_idx on postbell.rejected_event (created_at);
create index rejected_event_rejected_idx on postbell.rejected_event (rejected_at);
comment on table postbell.rejected_event is 'Events that could not be routed, whole, with the reason; and people of an audience who could not be told, one row each.';

-- Kept for ever, so it is narrow.
create table postbell_private.idempotency_key (
    tenant_id text collate "C" not null,
    key text collate "C" not null,
    fingerprint bytea not null,
    outbox_id bigint not null,

    primary key (tenant_id, key)
);
comment on table postbell_private.idempotency_key is 'Which event used a key, and a hash of what it said.';

create table postbell_private.duplicate_event (
    outbox_id bigint primary key,
    first_outbox_id bigint not null,
    created_at timestamptz not null
);
comment on table postbell_private.duplicate_event is 'Events that repeat an earlier one under its idempotency key, and so tell nobody anything.';

create table postbell.scheduled_notification (
    notification_id bigint primary key references postbell_private.notification (id) on delete cascade,
    tenant_id text collate "C" not null,
    priority postbell.priority not null,
    due_at timestamptz not null
);
create index scheduled_notification_due_idx on postbell.scheduled_notification (due_at, notification_id);
comment on table postbell.scheduled_notification is 'Events for later. Their audience is resolved when they are due.';

create table postbell.fanout (
    notification_id bigint primary key references postbell_private.notification (id) on delete cascade,
    tenant_id text collate "C" not null,
    priority postbell.priority not null,

    list_length integer not null default 0,
    listed integer not null default 0,
    audience jsonb not null,
    after_recipient text collate "C" not null default '',
    reached bigint not null default 0,

    started_at timestamptz not null default clock_timestamp()
);
comment on table postbell.fanout is 'Large audiences, told in chunks so that nobody else waits. After a crash the next chunk follows the last committed one.';
comment on column postbell.fanout.list_length is 'How many entries the event''s explicit list has.';
comment on column postbell.fanout.listed is 'How many of them are in postbell_private.fanout_member by now.';
comment on column postbell.fanout.audience is 'The event''s without that list, which is not read again for each chunk.';
comment on column postbell.fanout.after_recipient is 'Everybody up to this id has been decided about.';

create table postbell_private.fanout_member (
    notification_id bigint not null references postbell.fanout (notification_id) on delete cascade,
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,

    primary key (notification_id, recipient_id)
);
comment on table postbell_private.fanout_member is 'An explicit list of recipients, in order: it is taken out of the event once, and not anew for each chunk. Who has been decided about is deleted.';

create table postbell_private.fanout_turn (
    tenant_id text collate "C" primary key,
    served_at timestamptz not null
);
comment on table postbell_private.fanout_turn is 'When each tenant''s audiences last had their turn; the one that waited longest is next.';

create table postbell_private.cancellation (
    id bigint generated always as identity primary key,
    tenant_id text collate "C",
    subject text collate "C",
    outbox_id bigint,

    xid xid8 not null default pg_current_xact_id(),
    snapshot pg_snapshot not null default pg_current_snapshot(),
    cancelled_at timestamptz not null default clock_timestamp(),

    constraint one_thing_is_cancelled check (num_nonnulls(subject, outbox_id) = 1)
);
create index cancellation_subject_idx on postbell_private.cancellation (subject, tenant_id) where subject is not null;
create index cancellation_outbox_idx on postbell_private.cancellation (outbox_id) where outbox_id is not null;
comment on table postbell_private.cancellation is 'Tombstones: events of the subject that the canceller could see are not delivered; later ones are.';
