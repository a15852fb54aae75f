-- The router's progress, as a chain of steps. Two routers that take the same step violate the primary key, so an
-- overtaken leader cannot route anything twice. Rows are only inserted, because an updated row would leave dead
-- versions while a transaction holds back the xmin horizon.
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
comment on table postbell_private.router_step is 'The router''s progress; the row with the highest step is current.';
comment on column postbell_private.router_step.snapshot is 'The snapshot in which every visible event is routed.';
comment on column postbell_private.router_step.window_snapshot is 'The snapshot up to which events are being routed, in order of (xid, id); null between windows.';
comment on column postbell_private.router_step.position_xid is 'With position_id, the last event that was routed in the window.';
comment on column postbell_private.router_step.system_identifier is 'The cluster to which the transaction ids belong.';
insert into postbell_private.router_step (step, snapshot, system_identifier)
select 0, pg_current_snapshot(), system_identifier
from pg_control_system();

-- Everything after the router reads this table and not the outbox, whose partitions are truncated.
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
) partition by range (id);
create index notification_subject_idx on postbell_private.notification (subject, tenant_id) where subject is not null;
comment on table postbell_private.notification is 'An event that the router accepted, from which its deliveries are made. The id is that of the outbox row.';

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
comment on table postbell.rejected_event is 'Events that were rejected, with their content and the reason; and people of an audience who could not be notified, one row each.';

-- Rows are kept for ever, so they are narrow.
create table postbell_private.idempotency_key (
    tenant_id text collate "C" not null,
    key text collate "C" not null,
    fingerprint bytea not null,
    outbox_id bigint not null,

    primary key (tenant_id, key)
);
comment on table postbell_private.idempotency_key is 'The event that used an idempotency key, with a hash of its content.';

create table postbell_private.duplicate_event (
    outbox_id bigint primary key,
    first_outbox_id bigint not null,
    created_at timestamptz not null
);
comment on table postbell_private.duplicate_event is 'Events that repeat an earlier one with the same idempotency key, and are ignored.';

create table postbell.scheduled_notification (
    notification_id bigint primary key,
    tenant_id text collate "C" not null,
    priority postbell.priority not null,
    due_at timestamptz not null
);
create index scheduled_notification_due_idx on postbell.scheduled_notification (due_at, notification_id);
comment on table postbell.scheduled_notification is 'Events whose deliver_at is in the future. Their audience is resolved when they are due.';

create table postbell.fanout (
    notification_id bigint primary key,
    tenant_id text collate "C" not null,
    priority postbell.priority not null,

    list_length integer not null default 0,
    listed integer not null default 0,
    audience jsonb not null,
    after_recipient text collate "C" not null default '',
    reached bigint not null default 0,

    started_at timestamptz not null default clock_timestamp()
);
comment on table postbell.fanout is 'Large audiences, which are processed in chunks so that other events do not wait. After a crash the next chunk follows the last committed one.';
comment on column postbell.fanout.list_length is 'The number of entries in the event''s explicit list.';
comment on column postbell.fanout.listed is 'The number of entries that are copied into postbell_private.fanout_member.';
comment on column postbell.fanout.audience is 'The audience of the event without the explicit list, which would be read for each chunk.';
comment on column postbell.fanout.after_recipient is 'The last recipient, in order of id, who has been decided about.';

create table postbell_private.fanout_member (
    notification_id bigint not null references postbell.fanout (notification_id) on delete cascade,
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,

    primary key (notification_id, recipient_id)
);
comment on table postbell_private.fanout_member is 'An explicit list of recipients, copied from the event so that it is not read for each chunk. Recipients are deleted once they are decided about.';

create table postbell_private.fanout_turn (
    tenant_id text collate "C" primary key,
    served_at timestamptz not null
);
comment on table postbell_private.fanout_turn is 'When a large audience of each tenant was last served. The tenant that was served least recently is next.';

create table postbell_private.cancellation (
    id bigint generated always as identity primary key,
    tenant_id text collate "C",
    subject text collate "C",
    outbox_id bigint,

    xid xid8 not null default pg_current_xact_id(),
    snapshot pg_snapshot not null default pg_current_snapshot(),
    cancelled_at timestamptz not null default clock_timestamp(),
    last_delivery_id bigint,
    applied_at timestamptz,

    constraint one_thing_is_cancelled check (num_nonnulls(subject, outbox_id) = 1)
);
create index cancellation_subject_idx on postbell_private.cancellation (subject, tenant_id) where subject is not null;
create index cancellation_to_apply_idx on postbell_private.cancellation (id) where applied_at is null;
create index cancellation_outbox_idx on postbell_private.cancellation (outbox_id) where outbox_id is not null;
comment on table postbell_private.cancellation is 'Cancellations of one event, or of the events about a subject that the cancelling transaction could see. Later events are delivered.';
comment on column postbell_private.cancellation.last_delivery_id is 'The last delivery that the cancelling transaction could see.';
comment on column postbell_private.cancellation.applied_at is 'When the router has removed the inbox items that were written while the cancellation was open; null until then.';
