create table postbell.retention (
    kind text collate "C" primary key,
    keep interval,

    constraint kind_is_known check (kind in ('event', 'log', 'inbox')),
    constraint keep_is_possible check (keep between interval '1 day' and interval '100 years')
);
comment on table postbell.retention is 'How long each kind of rows is kept; see postbell.set_retention().';
comment on column postbell.retention.kind is 'event: the contents of events, accepted or rejected; log: deliveries, attempts and receipts; inbox: the items of inboxes.';
comment on column postbell.retention.keep is 'The least time for which rows are kept; null for ever. Whole leaves go at once, so rows may stay longer by a sixth of it; those of events and inboxes, by a half.';
insert into postbell.retention (kind, keep) values ('event', '1 year'), ('log', '1 year'), ('inbox', '1 year');

create table postbell.hold (
    id bigint generated always as identity primary key,
    tenant_id text collate "C" not null,
    subject text collate "C",
    recipient_id text collate "C",
    reason text not null,
    held_at timestamptz not null default clock_timestamp(),

    constraint one_thing_is_held check (num_nonnulls(subject, recipient_id) = 1)
);
create unique index hold_once_idx on postbell.hold (tenant_id, subject, recipient_id) nulls not distinct;
comment on table postbell.hold is 'Legal holds: what is about a subject, or for a person, is kept until it is released; see postbell.hold().';

-- The partitions of notification, finished_delivery, attempt, receipt and inbox_item. By id and not by time: an id finds its
-- leaf, and no clock can be ahead of the last one.
create table postbell_private.leaf (
    kind text collate "C" not null,
    first_id bigint not null,
    end_id bigint not null,

    began_at timestamptz,
    filled_at timestamptz,
    filled_before xid8,
    used_at timestamptz,
    cleaned_to bigint not null,
    cleaned_at timestamptz,
    emptied_at timestamptz,

    primary key (kind, first_id),
    constraint leaf_has_room check (first_id < end_id)
);
comment on table postbell_private.leaf is 'The leaves of the large tables: a partition of each table of a kind, for the same ids. They are named after first_id.';
comment on column postbell_private.leaf.kind is 'See postbell.retention. The ids of events are those of the outbox; the others, those of deliveries.';
comment on column postbell_private.leaf.end_id is 'The first id that belongs to the next leaf.';
comment on column postbell_private.leaf.began_at is 'When housekeeping first saw ids that belong to it.';
comment on column postbell_private.leaf.filled_at is 'When housekeeping first saw ids beyond it.';
comment on column postbell_private.leaf.filled_before is 'The next transaction id when filled_at was set. Rows of later transactions belong to other leaves.';
comment on column postbell_private.leaf.used_at is 'When something open was last seen to need it, to a day.';
comment on column postbell_private.leaf.cleaned_to is 'Retention has looked row by row at what is before this id.';
comment on column postbell_private.leaf.cleaned_at is 'When retention last began with the first row.';
comment on column postbell_private.leaf.emptied_at is 'When retention truncated it. It is dropped as soon as nobody uses its tables.';
