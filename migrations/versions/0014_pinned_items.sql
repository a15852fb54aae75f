-- The check reads the table once, and rewrites nothing.
alter table postbell.recipient add column pinned_items bigint[] not null default '{}';
alter table postbell.recipient add constraint pinned_items_are_few check (cardinality(pinned_items) <= 20);
comment on column postbell.recipient.pinned_items is
    'The inbox items that the person keeps on top, the last pinned first. Here and not in postbell.inbox_item, where finding them would need an index in each partition.';

alter domain postbell_private.stream_kind drop constraint stream_kind_is_known;
alter domain postbell_private.stream_kind add constraint stream_kind_is_known check (
    value in ('notification', 'added', 'seen', 'read', 'unread', 'archived', 'unarchived', 'pinned', 'unpinned')
);
comment on domain postbell_private.stream_kind is 'The kind of a stream event: notification; or a change of inbox items: added, seen, read, unread, archived, unarchived, pinned, unpinned.';
