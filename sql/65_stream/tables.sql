create domain postbell_private.stream_kind as text
    constraint stream_kind_is_known check (value in ('notification', 'added', 'seen', 'read', 'unread', 'archived'));
comment on domain postbell_private.stream_kind is 'notification; or what happened to inbox items: added, seen, read, unread, archived.';

create sequence postbell_private.stream_event_id_seq as bigint;
comment on sequence postbell_private.stream_event_id_seq is 'Numbers what open pages are told. Gaps are rollbacks.';

-- What open pages are told, in the order of its commits. Append-only, like the outbox: nothing in it dies.
-- Written by record_inbox(), record_stream() and record_marks() alone, so it checks nothing again.
create table postbell_private.stream_event (
    -- A ring of eight leaves of three hours each.
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
-- For somebody who was away. Changes of an inbox are not told again: its present state is.
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

comment on table postbell_private.stream_event is 'What open pages are told: notifications, and that an inbox changed. Kept for 15 hours at least, for pages that were away.';
comment on column postbell_private.stream_event.slot is 'The leaf of the ring.';
comment on column postbell_private.stream_event.xid is 'The inserting transaction; gateways read in commit order by it.';
comment on column postbell_private.stream_event.frame is 'A notification as the page gets it, and whose it is: recipient_id.';
comment on column postbell_private.stream_event.recipient_ids is 'Whose inbox changed.';
comment on column postbell_private.stream_event.item_ids is 'Which item of each of them; with one recipient, all are theirs. Null for too many to name.';
comment on table postbell_private.stream_event_0 is 'A leaf of the ring.';
comment on table postbell_private.stream_event_1 is 'A leaf of the ring.';
comment on table postbell_private.stream_event_2 is 'A leaf of the ring.';
comment on table postbell_private.stream_event_3 is 'A leaf of the ring.';
comment on table postbell_private.stream_event_4 is 'A leaf of the ring.';
comment on table postbell_private.stream_event_5 is 'A leaf of the ring.';
comment on table postbell_private.stream_event_6 is 'A leaf of the ring.';
comment on table postbell_private.stream_event_7 is 'A leaf of the ring.';

create table postbell_private.stream_truncation (
    slot smallint primary key,
    last_xid xid8 not null,
    truncated_at timestamptz not null default clock_timestamp()
);
comment on table postbell_private.stream_truncation is 'What each leaf of the ring held when it was last emptied: who was away since before that may have missed something.';
comment on column postbell_private.stream_truncation.last_xid is 'The last transaction in the leaf.';

-- PostgreSQL empties an unlogged table after a crash, when a standby takes over, and in a restore. In each of them commits
-- may be lost that were seen before, and their transaction ids be given once more. A restart in good order keeps it.
create unlogged table postbell_private.stream_epoch (
    is_the_only_one boolean primary key default true,
    epoch bigint not null,
    system_identifier bigint not null,

    constraint there_is_one_epoch check (is_the_only_one)
);
comment on table postbell_private.stream_epoch is
    'The time since the server last came up from a crash, a failover or a restore. A position in the stream is good for one epoch; who comes from another looks anew.';
comment on column postbell_private.stream_epoch.epoch is 'A random number.';
comment on column postbell_private.stream_epoch.system_identifier is 'Of the cluster: a dump may bring the row into another one.';
