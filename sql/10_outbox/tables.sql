-- What can be said. Filled from the template folders at deploy, or by postbell.register_event().
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

    constraint key_is_dotted_lower_case check (key ~ '^[a-z0-9_]+(\.[a-z0-9_]+)+$' and length(key) <= 100),
    constraint category_is_short check (length(category) between 1 and 100),
    constraint fields_are_an_object check (jsonb_typeof(fields) = 'object')
);
comment on table postbell.event_type is 'The registry of events: what may be emitted, with which fields, to which channels by default.';
comment on column postbell.event_type.key is 'subject.past_participle, such as order.paid.';
comment on column postbell.event_type.version is 'A hash of the templates; a delivery is rendered with one version.';
comment on column postbell.event_type.channels is 'Channels that have a template.';
comment on column postbell.event_type.notify_actor is 'Whether the person who caused the event hears of it too.';
comment on column postbell.event_type.fields is '{"order_id": {"type": "id", "required": true}}; types as in postbell.is_of_type().';
comment on column postbell.event_type.roles is 'Who it is meant for; none: anybody. Whoever has other roles does not find it among their choices. Whom it is told, the producer says.';
comment on column postbell.event_type.disabled_at is 'Set to stop the event everywhere; emitting it stays harmless.';

create sequence postbell.outbox_id_seq as bigint;
comment on sequence postbell.outbox_id_seq is 'Numbers events. Gaps are rollbacks.';

-- An append-only log: nobody updates or deletes, so nothing in it dies and VACUUM finds nothing to do.
-- No foreign key, no uniqueness, no check: an INSERT cannot fail because of what it says.
create table postbell.outbox (
    -- A ring of eight days. The leaf a row falls into is the insertion day modulo eight.
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

comment on table postbell.outbox is 'Emit here, inside your own transaction. What is committed is routed once; what is rolled back never was.';
comment on column postbell.outbox.slot is 'The leaf of the ring; not for producers to set.';
comment on column postbell.outbox.xid is 'The inserting transaction; the router reads in commit order by it. Not for producers to set.';
comment on column postbell.outbox.event is 'A key of postbell.event_type.';
comment on column postbell.outbox.tenant_id is 'The website; default if there is only one.';
comment on column postbell.outbox.recipient is 'One person, by the application''s own id. For several, use audience.';
comment on column postbell.outbox.payload is 'One flat object, with the fields that the event declares.';
comment on column postbell.outbox.audience is '{"recipients": [...]}, {"role": "..."}, {"topic": "..."}, {"everyone": true}; with "notify_actor": true the actor hears too.';
comment on column postbell.outbox.channels is 'Instead of the event''s default channels.';
comment on column postbell.outbox.forced_channels is 'Added to the others and past the person''s preferences.';
comment on column postbell.outbox.priority is 'low, normal, high or critical; else the event''s own.';
comment on column postbell.outbox.subject is 'The entity it is about, such as order:123: the thread for mutes and for postbell.cancel().';
comment on column postbell.outbox.actor is 'Who caused it. The actor is not told of their own doing.';
comment on column postbell.outbox.idempotency_key is 'The same key with the same content is one event; with other content it is rejected.';
comment on column postbell.outbox.deliver_at is 'Not before this time. The audience is resolved then.';
comment on column postbell.outbox.expires_at is 'Of no use after this time (the inbox keeps it all the same).';
comment on table postbell.outbox_0 is 'A leaf of the ring.';
comment on table postbell.outbox_1 is 'A leaf of the ring.';
comment on table postbell.outbox_2 is 'A leaf of the ring.';
comment on table postbell.outbox_3 is 'A leaf of the ring.';
comment on table postbell.outbox_4 is 'A leaf of the ring.';
comment on table postbell.outbox_5 is 'A leaf of the ring.';
comment on table postbell.outbox_6 is 'A leaf of the ring.';
comment on table postbell.outbox_7 is 'A leaf of the ring.';
