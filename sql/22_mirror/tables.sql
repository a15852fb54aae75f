-- Triggers on the users table, which postbell.mirror_recipients() creates, do the work.
create table postbell_private.recipient_mirror (
    source regclass primary key,

    mapping jsonb not null,
    tenant_id text collate "C" not null,
    mirrored_at timestamptz not null default now(),

    failed_at timestamptz,
    failure text,

    constraint mapping_is_an_object check (jsonb_typeof(mapping) = 'object'),
    constraint failure_has_a_time check ((failed_at is null) = (failure is null))
);
comment on table postbell_private.recipient_mirror is 'A users table of the application that recipients follow. postbell.mirror_faults() lists its invalid values.';
comment on column postbell_private.recipient_mirror.mapping is 'Maps columns of a recipient to columns of the table, as given to postbell.mirror_recipients().';
comment on column postbell_private.recipient_mirror.tenant_id is 'The tenant of the recipients, if the mapping has no column for it.';
comment on column postbell_private.recipient_mirror.failed_at is 'When a change of the table could not be mirrored, for instance because a column was dropped. Repair it and call postbell.mirror_recipients() again.';

-- Written in the application's transactions, which must not wait for each other. So there is no unique index, and a tenant
-- may have two rows.
create table postbell_private.missing_tenant (
    id bigint generated always as identity primary key,

    source regclass not null,
    tenant_id text collate "C" not null,
    noted_at timestamptz not null default now(),

    constraint tenant_id_is_short check (length(tenant_id) between 1 and 255 and octet_length(tenant_id) <= 600)
);
create index missing_tenant_of_source_idx on postbell_private.missing_tenant (source, tenant_id);
comment on table postbell_private.missing_tenant is 'An unknown tenant that users in a mirrored table name. The users become recipients when it is created.';
comment on column postbell_private.missing_tenant.source is 'The users table.';

-- A row of a users table, in the columns of a recipient.
create type postbell_private.mirrored as (
    tenant_id text,
    id text,
    email text,
    phone text,
    locale text,
    time_zone text,
    roles text[],
    attributes jsonb,
    is_erased boolean
);
comment on type postbell_private.mirrored is 'A user of the application in the columns of a recipient, before validation.';
