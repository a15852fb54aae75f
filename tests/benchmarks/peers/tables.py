"""What an application with a job per message has: people, their choices, an inbox and a log."""

CREATE = b"""
create table recipient (
    id text primary key,
    email text not null,
    locale text,
    time_zone text
);

create table preference (
    recipient_id text not null references recipient (id),
    channel text,
    category text,
    event text,
    enabled boolean not null
);
create index preference_of_recipient_idx on preference (recipient_id);

create table quiet_hours (
    recipient_id text not null references recipient (id),
    day smallint not null,
    starts time not null,
    ends time not null,
    channels text[] not null,
    primary key (recipient_id, day)
);

create table inbox_item (
    id bigint generated always as identity primary key,
    recipient_id text not null,
    event text not null,
    title text not null,
    body text not null,
    link text,
    actions jsonb not null,
    created_at timestamptz not null,
    read_at timestamptz
);
create index inbox_item_page_idx on inbox_item (recipient_id, id desc);

create table delivery_log (
    id bigint generated always as identity primary key,
    recipient_id text not null,
    event text not null,
    channel text not null,
    state text not null,
    created_at timestamptz not null,
    delivered_at timestamptz not null default clock_timestamp()
);
create index delivery_log_of_recipient_idx on delivery_log (recipient_id);
"""
