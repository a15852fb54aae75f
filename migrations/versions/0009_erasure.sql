-- The certificate of an erasure. It has no personal data and is kept for ever.
create table postbell.erasure (
    id uuid primary key default gen_random_uuid(),
    tenant_id text collate "C" not null,
    pseudonym text collate "C" generated always as ('erased:' || id::text) stored,

    removed jsonb not null default '{}',
    erased_by text not null default session_user,
    erased_at timestamptz not null default now(),
    completed_at timestamptz,
    forgiven_at timestamptz,

    constraint removed_is_an_object check (jsonb_typeof(removed) = 'object')
);
comment on table postbell.erasure is 'Certificates of erasures, by postbell.erase_recipient(). They have no personal data.';
comment on column postbell.erasure.pseudonym is 'Stands in place of the person''s id in postbell.delivery_log, so that figures stay. Random; nothing leads from it to the person.';
comment on column postbell.erasure.removed is 'How many rows were deleted or emptied, by table: {"inbox_item": 12}; and how many deliveries were cancelled.';
comment on column postbell.erasure.erased_by is 'The login role that called postbell.erase_recipient().';
comment on column postbell.erasure.completed_at is 'When nothing of the person was left; null while housekeeping looks through the log.';
comment on column postbell.erasure.forgiven_at is 'When the person was brought back, by postbell.upsert_recipient(…, forgive => true).';

-- For hashes of what must be recognised and not be known: ids of erased persons, their suppressed addresses.
create table postbell_private.erasure_salt (
    is_the_only_one boolean primary key default true,
    salt bytea not null,

    constraint there_is_one_salt check (is_the_only_one)
);
comment on table postbell_private.erasure_salt is 'A random value of this installation, in every hash of postbell_private.salted_hash(). The first erasure creates it.';

create table postbell_private.erased_person (
    digest bytea primary key,
    erasure_id uuid not null unique references postbell.erasure (id)
);
comment on table postbell_private.erased_person is 'Erased persons, who are not made recipients again by mistake: salted hashes of tenant and id.';

create table postbell_private.hashed_suppression (
    tenant_id text collate "C" not null references postbell.tenant (id) on delete cascade,
    channel postbell.channel_name not null,
    digest bytea not null,

    reason text not null,
    suppressed_at timestamptz not null,
    expires_at timestamptz not null,

    primary key (tenant_id, channel, digest)
);
comment on table postbell_private.hashed_suppression is 'Suppressed addresses of erased persons, as salted hashes. If somebody gets such an address, it is in postbell.suppression again.';

create table postbell_private.hashed_stop (
    provider text collate "C" not null,
    channel postbell.channel_name not null,
    digest bytea not null,

    said_at timestamptz not null,

    primary key (provider, channel, digest)
);
comment on table postbell_private.hashed_stop is 'Addresses of erased persons that answered STOP to a number, as salted hashes. See postbell_private.stop.';

create table postbell_private.open_erasure (
    erasure_id uuid primary key references postbell.erasure (id),
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    pseudonym text collate "C" not null,

    addresses text[] not null,
    awaits xid8,
    scan_began_at timestamptz,
    scanned_at timestamptz
);
comment on table postbell_private.open_erasure is 'Erasures that are not completed: housekeeping looks for what is left of the person. The row goes with the last of it.';
comment on column postbell_private.open_erasure.addresses is 'The person''s e-mail address and phone number, in lower case.';
comment on column postbell_private.open_erasure.awaits is 'Transactions before this one were open beside the erasure, and may write about the person. The scan begins when they are routed.';
comment on column postbell_private.open_erasure.scanned_at is 'When the scan had passed every table.';

-- Without a foreign key, to be cheap: there may be ten thousands, and they go with the row of the erasure.
create table postbell_private.erased_event (
    erasure_id uuid not null,
    event_id bigint not null,

    primary key (erasure_id, event_id)
);
comment on table postbell_private.erased_event is 'Events that were for nobody but the person of an open erasure. Their copies are erased wherever they are.';

create table postbell_private.erasure_scan (
    is_the_only_one boolean primary key default true,
    part smallint not null default 1,
    block bigint not null default 0,
    filenode oid,

    constraint there_is_one_scan check (is_the_only_one)
);
comment on table postbell_private.erasure_scan is 'How far the scan of postbell_private.continue_erasures() is.';
comment on column postbell_private.erasure_scan.part is 'The table that is being scanned, by its place in postbell_private.scanned_tables().';
comment on column postbell_private.erasure_scan.block is 'The first block that is not scanned yet.';
comment on column postbell_private.erasure_scan.filenode is 'The file of the table. If it changes, the table was rewritten, and its scan begins anew.';
