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

    -- The person first, and no key on the id alone: a page would be read from that one, past everybody else's items.
    primary key (recipient_id, tenant_id, id)
);
-- Counting unread items reads these and no others.
create index inbox_item_unread_idx on postbell.inbox_item (recipient_id, tenant_id)
where read_at is null and archived_at is null and not is_silent;
comment on table postbell.inbox_item is 'What a person finds in the application''s inbox. The id is that of the delivery.';
comment on column postbell.inbox_item.is_silent is 'Came while muted: kept, not counted.';
comment on column postbell.inbox_item.actions is '[{"label": "...", "link": "..."}].';
