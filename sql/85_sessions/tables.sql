-- Stores the digest of the cookie only, so that a stolen copy of this table opens no session.
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
comment on table postbell_private.session is 'The sessions of people at the gateway. Deleting a row logs the person out.';
comment on column postbell_private.session.digest is 'The SHA-256 hash of the cookie''s value.';

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
comment on table postbell_private.ticket is 'A short-lived token that opens one stream, where cookies are not sent. It may be part of a URL, and so be logged.';
comment on column postbell_private.ticket.digest is 'The SHA-256 hash of the ticket.';
comment on column postbell_private.ticket.session_digest is 'The session for which it was issued and with which it ends; null if it was issued for a token.';
comment on column postbell_private.ticket.expires_at is 'When the ticket expires.';
comment on column postbell_private.ticket.valid_until is 'When the session or token expires, and with it a stream that the ticket opened.';

-- A table of its own, so that no query for people's sessions can find an operator's.
create table postbell_private.operator_session (
    digest bytea primary key,
    operator text not null,

    created_at timestamptz not null default now(),
    expires_at timestamptz not null,

    constraint operator_is_short check (length(operator) between 1 and 255)
);
create index operator_session_end_idx on postbell_private.operator_session (expires_at);
comment on table postbell_private.operator_session is 'The sessions of operators at the gateway. Deleting a row logs the operator out.';
comment on column postbell_private.operator_session.digest is 'The SHA-256 hash of the cookie''s value.';
comment on column postbell_private.operator_session.operator is 'The operator that the token named, who appears in the gateway''s log. Not a recipient.';
