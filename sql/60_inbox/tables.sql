create table postbell.inbox_item (
    id bigint not null,
    outbox_id bigint not null,
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    event text collate "C" not null,
    category text collate "C" not null,
    subject text,

    title text not null,
    body text not null,
    link text,
    image text,
    actions jsonb not null default '[]',

    is_silent boolean not null,
    created_at timestamptz not null,
    seen_at timestamptz,
    read_at timestamptz,
    archived_at timestamptz,

    -- The person comes first. There is no index on the id alone, which the planner might use to read a page of the inbox.
    primary key (recipient_id, tenant_id, id)
) partition by range (id);
-- For counting unread items.
create index inbox_item_unread_idx on postbell.inbox_item (recipient_id, tenant_id)
where read_at is null and archived_at is null and not is_silent;
-- For retention. It cannot be used to read a page.
create index inbox_item_id_idx on postbell.inbox_item using brin (id) with (autosummarize = on);
comment on table postbell.inbox_item is 'The items of people''s inboxes. The id is that of the delivery.';
comment on column postbell.inbox_item.is_silent is 'Whether it was muted: kept, and not counted as unread.';
comment on column postbell.inbox_item.actions is 'The buttons of the item: [{"label": "...", "link": "..."}].';
