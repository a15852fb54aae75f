create domain postbell_private.stream_kind as text
    constraint stream_kind_is_known check (
        value in ('notification', 'added', 'seen', 'read', 'unread', 'archived', 'unarchived', 'pinned', 'unpinned')
    );
comment on domain postbell_private.stream_kind is 'The kind of a stream event: notification; or a change of inbox items: added, seen, read, unread, archived, unarchived, pinned, unpinned.';

create sequence postbell_private.stream_event_id_seq as bigint;
comment on sequence postbell_private.stream_event_id_seq is 'The ids of stream events. Gaps come from rollbacks.';

-- Read in commit order. Append-only, like the outbox, so there are no dead tuples.
-- Only record_inbox(), record_stream(), record_marks() and record_pins() write to it, so it has no checks.
create table postbell_private.stream_event (
    -- A ring of eight partitions of three hours each.
    slot smallint not null default mod(extract(epoch from now())::bigint / 10800, 8),
    xid xid8 not null default pg_current_xact_id(),
    id bigint not null default nextval('postbell_private.stream_event_id_seq'),

    tenant_id text collate "C" not null,
    kind postbell_private.stream_kind not null,

    recipient_id text collate "C",
    frame json,

    recipient_ids text[],
    item_ids bigint[],

    created_at timestamptz not null default clock_timestamp()
) partition by list (slot);
alter sequence postbell_private.stream_event_id_seq owned by postbell_private.stream_event.id;

create index stream_event_commit_order_idx on postbell_private.stream_event (xid, id);
-- For clients that reconnect. They get missed notifications, but load the inbox instead of its changes.
create index stream_event_of_recipient_idx on postbell_private.stream_event (recipient_id, tenant_id, xid, id)
where recipient_id is not null;

create table postbell_private.stream_event_0 partition of postbell_private.stream_event for values in (0);
create table postbell_private.stream_event_1 partition of postbell_private.stream_event for values in (1);
create table postbell_private.stream_event_2 partition of postbell_private.stream_event for values in (2);
create table postbell_private.stream_event_3 partition of postbell_private.stream_event for values in (3);
create table postbell_private.stream_event_4 partition of postbell_private.stream_event for values in (4);
create table postbell_private.stream_event_5 partition of postbell_private.stream_event for values in (5);
create table postbell_private.stream_event_6 partition of postbell_private.stream_event for values in (6);
create table postbell_private.stream_event_7 partition of postbell_private.stream_event for values in (7);

comment on table postbell_private.stream_event is 'The events for open streams: notifications and changes of inboxes. Kept for at least 15 hours, for clients that reconnect.';
comment on column postbell_private.stream_event.slot is 'The partition of the ring.';
comment on column postbell_private.stream_event.xid is 'The inserting transaction, by which gateways read in commit order.';
comment on column postbell_private.stream_event.frame is 'The notification for recipient_id, as clients get it.';
comment on column postbell_private.stream_event.recipient_ids is 'The people whose inbox changed.';
comment on column postbell_private.stream_event.item_ids is 'The changed item of each recipient; with one recipient, all changed items. Null if there are too many.';
comment on table postbell_private.stream_event_0 is 'A partition of the ring.';
comment on table postbell_private.stream_event_1 is 'A partition of the ring.';
comment on table postbell_private.stream_event_2 is 'A partition of the ring.';
comment on table postbell_private.stream_event_3 is 'A partition of the ring.';
comment on table postbell_private.stream_event_4 is 'A partition of the ring.';
comment on table postbell_private.stream_event_5 is 'A partition of the ring.';
comment on table postbell_private.stream_event_6 is 'A partition of the ring.';
comment on table postbell_private.stream_event_7 is 'A partition of the ring.';

create table postbell_private.stream_truncation (
    slot smallint primary key,
    last_xid xid8 not null,
    truncated_at timestamptz not null default clock_timestamp()
);
comment on table postbell_private.stream_truncation is 'The last transaction in each partition when it was truncated. Clients that were away since before it may have missed events.';
comment on column postbell_private.stream_truncation.last_xid is 'The last transaction in the partition.';

-- PostgreSQL empties an unlogged table after a crash, on promotion of a standby, and in a restore. In each of these cases
-- visible commits may be lost and their transaction ids reused. A clean restart keeps the table.
create unlogged table postbell_private.stream_epoch (
    is_the_only_one boolean primary key default true,
    epoch bigint not null,
    system_identifier bigint not null,

    constraint there_is_one_epoch check (is_the_only_one)
);
comment on table postbell_private.stream_epoch is
    'The current epoch of the stream, which changes after a crash, a failover or a restore. A position is valid in one epoch; a client with a position of another loads the present state.';
comment on column postbell_private.stream_epoch.epoch is 'A random number.';
comment on column postbell_private.stream_epoch.system_identifier is 'The cluster of the epoch, since a dump may bring the row into another one.';
