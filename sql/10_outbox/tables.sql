-- Filled from the template folders at deploy, or by postbell.register_event().
create table postbell.event_type (
    key text collate "C" primary key,
    label text not null,
    description text not null default '',
    category text collate "C" not null,
    version text not null default '',

    priority postbell.priority not null default 'normal',
    default_channels text[] not null,
    forced_channels text[] not null default '{}',
    channels text[] not null,
    notify_actor boolean not null default false,
    fields jsonb not null default '{}',
    roles text[] not null default '{}',

    disabled_at timestamptz,
    registered_at timestamptz not null default now(),
    payload_check jsonpath,

    constraint key_is_dotted_lower_case check (key ~ '^[a-z0-9_]+(\.[a-z0-9_]+)+$' and length(key) <= 100),
    constraint category_is_short check (length(category) between 1 and 100),
    constraint fields_are_an_object check (jsonb_typeof(fields) = 'object')
);
comment on table postbell.event_type is 'The event types that may be emitted, with their fields and default channels.';
comment on column postbell.event_type.key is 'The name, subject.past_participle, such as order.paid.';
comment on column postbell.event_type.version is 'A hash of the event''s templates. A delivery is rendered with one version.';
comment on column postbell.event_type.channels is 'The channels for which the event has a template.';
comment on column postbell.event_type.notify_actor is 'Whether the person who caused the event is notified too.';
comment on column postbell.event_type.fields is 'The payload''s fields: {"order_id": {"type": "id", "required": true}}. Types are those of postbell.is_of_type().';
comment on column postbell.event_type.roles is 'The roles whose preferences list the event; empty for everybody. Who is notified depends on the producer alone.';
comment on column postbell.event_type.disabled_at is 'Set to stop the event for all tenants. Emitting it stays possible and has no effect.';
comment on column postbell.event_type.payload_check is 'A predicate compiled from fields. A payload of which it is true is valid; any other is checked by postbell_private.find_payload_fault().';

create table postbell.event_choice (
    pattern text collate "C" primary key,

    chosen_at timestamptz not null default now(),

    constraint pattern_is_that_of_keys check (pattern ~ '^[a-z0-9_.*]+$' and length(pattern) <= 100)
);
comment on table postbell.event_choice is 'Which events of the template folders a deploy registers; all of them if there is no row. Written by postbell deploy --events.';
comment on column postbell.event_choice.pattern is 'A key, in which * is any number of characters, such as order.*.';

create sequence postbell.outbox_id_seq as bigint;
comment on sequence postbell.outbox_id_seq is 'The ids of events. Gaps come from rollbacks.';

-- An append-only log: no row is updated or deleted, so there are no dead tuples and VACUUM has nothing to do.
-- No foreign key, unique index or check: an INSERT cannot fail because of its content.
create table postbell.outbox (
    -- A ring of eight daily partitions. A row's partition is the day of its insertion modulo eight.
    slot smallint not null default mod(extract(epoch from now())::bigint / 86400, 8),
    xid xid8 not null default pg_current_xact_id(),
    id bigint not null default nextval('postbell.outbox_id_seq'),

    tenant_id text default 'default',
    event text,
    recipient text,
    payload jsonb default '{}',

    audience jsonb,
    channels text[],
    forced_channels text[],
    priority text,
    subject text,
    actor text,
    idempotency_key text,

    deliver_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz not null default clock_timestamp()
) partition by list (slot);
alter sequence postbell.outbox_id_seq owned by postbell.outbox.id;

create index outbox_commit_order_idx on postbell.outbox (xid, id);

create table postbell.outbox_0 partition of postbell.outbox for values in (0);
create table postbell.outbox_1 partition of postbell.outbox for values in (1);
create table postbell.outbox_2 partition of postbell.outbox for values in (2);
create table postbell.outbox_3 partition of postbell.outbox for values in (3);
create table postbell.outbox_4 partition of postbell.outbox for values in (4);
create table postbell.outbox_5 partition of postbell.outbox for values in (5);
create table postbell.outbox_6 partition of postbell.outbox for values in (6);
create table postbell.outbox_7 partition of postbell.outbox for values in (7);

comment on table postbell.outbox is 'Insert events here, in your own transaction. A committed event is routed once; one that is rolled back leaves no trace.';
comment on column postbell.outbox.slot is 'The partition of the ring. Not for producers to set.';
comment on column postbell.outbox.xid is 'The inserting transaction, by which the router reads in commit order. Not for producers to set.';
comment on column postbell.outbox.event is 'A key of postbell.event_type.';
comment on column postbell.outbox.tenant_id is 'The tenant; default if there is only one.';
comment on column postbell.outbox.recipient is 'The person to notify, by the application''s own id. For several people, use audience.';
comment on column postbell.outbox.payload is 'A flat object with the fields that the event type declares.';
comment on column postbell.outbox.audience is '{"recipients": [...]}, {"role": "..."}, {"topic": "..."}, {"everyone": true}; with "notify_actor": true the actor is notified too.';
comment on column postbell.outbox.channels is 'Replaces the default channels of the event.';
comment on column postbell.outbox.forced_channels is 'Channels to use in addition, whatever the person''s preferences, mutes and quiet hours.';
comment on column postbell.outbox.priority is 'low, normal, high or critical; null for the priority of the event type.';
comment on column postbell.outbox.subject is 'The entity that the event is about, such as order:123. Mutes and postbell.cancel() refer to it.';
comment on column postbell.outbox.actor is 'Who caused the event. The actor is not notified, unless notify_actor says so.';
comment on column postbell.outbox.idempotency_key is 'A repeated event with the same key and content is ignored; one with other content is rejected.';
comment on column postbell.outbox.deliver_at is 'The earliest time of delivery. The audience is resolved then.';
comment on column postbell.outbox.expires_at is 'The time after which the event is not delivered any more, except to the inbox.';
comment on table postbell.outbox_0 is 'A partition of the ring.';
comment on table postbell.outbox_1 is 'A partition of the ring.';
comment on table postbell.outbox_2 is 'A partition of the ring.';
comment on table postbell.outbox_3 is 'A partition of the ring.';
comment on table postbell.outbox_4 is 'A partition of the ring.';
comment on table postbell.outbox_5 is 'A partition of the ring.';
comment on table postbell.outbox_6 is 'A partition of the ring.';
comment on table postbell.outbox_7 is 'A partition of the ring.';
