create table shop.ticket (
    id bigint generated always as identity (start with 501) primary key,
    number text generated always as ('T-' || id) stored,
    house text not null,
    creator_id text not null,
    subject text not null,
    bundle_id bigint references shop.bundle (id),
    assignee_id text,

    escalated_to text,
    escalated_because text,
    resolver_id text,
    resolution text,
    resolved_at timestamptz,

    foreign key (house, creator_id) references shop.person (house, id),
    foreign key (house, assignee_id) references shop.person (house, id),
    foreign key (house, resolver_id) references shop.person (house, id),
    constraint who_resolves_says_how check ((resolver_id is null) = (resolved_at is null))
);
comment on column shop.ticket.bundle_id is 'For a question about classes.';

create table shop.ticket_message (
    id bigint generated always as identity primary key,
    ticket_id bigint not null references shop.ticket (id),
    author_id text not null,
    body text not null,
    is_internal boolean not null default false,

    constraint message_says_something check (body <> '')
);
create index ticket_message_of_ticket_idx on shop.ticket_message (ticket_id);
comment on column shop.ticket_message.is_internal is 'A note of the staff among themselves; the client never hears of it.';
