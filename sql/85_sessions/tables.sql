-- Who knows the digest of a cookie cannot make the cookie: what is stolen from here opens nothing.
create table postbell_private.session (
    digest bytea primary key,
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,

    created_at timestamptz not null default now(),
    expires_at timestamptz not null,

    foreign key (tenant_id, recipient_id) references postbell.recipient (tenant_id, id) on delete cascade
);
create index session_of_recipient_idx on postbell_private.session (tenant_id, recipient_id);
create index session_end_idx on postbell_private.session (expires_at);
comment on table postbell_private.session is 'Who is logged in to the gateway. Deleting a row logs out.';
comment on column postbell_private.session.digest is 'SHA-256 of what the cookie holds.';

create table postbell_private.ticket (
    digest bytea primary key,
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    session_digest bytea references postbell_private.session (digest) on delete cascade,

    expires_at timestamptz not null,
    valid_until timestamptz not null,

    foreign key (tenant_id, recipient_id) references postbell.recipient (tenant_id, id) on delete cascade
);
create index ticket_of_recipient_idx on postbell_private.ticket (tenant_id, recipient_id);
create index ticket_of_session_idx on postbell_private.ticket (session_digest);
create index ticket_end_idx on postbell_private.ticket (expires_at);
comment on table postbell_private.ticket is 'Good for opening one stream, once and soon, where a cookie does not travel: it may stand in an address, which gets into logs.';
comment on column postbell_private.ticket.digest is 'SHA-256 of the ticket.';
comment on column postbell_private.ticket.session_digest is 'The session that it was issued to, and with which it ends; null if a token was shown instead.';
comment on column postbell_private.ticket.expires_at is 'Until when it may be used.';
comment on column postbell_private.ticket.valid_until is 'Until when what it stands for is valid, and a stream opened with it may stay open.';

-- Apart from people's: no statement that looks for the one can find the other.
create table postbell_private.operator_session (
    digest bytea primary key,
    operator text not null,

    created_at timestamptz not null default now(),
    expires_at timestamptz not null,

    constraint operator_is_short check (length(operator) between 1 and 255)
);
create index operator_session_end_idx on postbell_private.operator_session (expires_at);
comment on table postbell_private.operator_session is 'Which operators are logged in to the gateway. Deleting a row logs out.';
comment on column postbell_private.operator_session.digest is 'SHA-256 of what the cookie holds.';
comment on column postbell_private.operator_session.operator is 'Whom the token named: it shows in the gateway''s log beside what they do. No recipient.';
