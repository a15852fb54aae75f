-- Which table of the application the recipients follow. Triggers on it, made by postbell.mirror_recipients(), do the work.
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
comment on table postbell_private.recipient_mirror is 'A users table of the application that recipients follow. postbell.mirror_faults() shows what of its rows is of no use.';
comment on column postbell_private.recipient_mirror.mapping is 'Column of a recipient → column of the table, as given to postbell.mirror_recipients().';
comment on column postbell_private.recipient_mirror.tenant_id is 'Whose recipients they are, if the mapping names no column for it.';
comment on column postbell_private.recipient_mirror.failed_at is 'When a change of the table could not be followed, say because a column is gone. Mend it and mirror again.';

-- Which tenants its users name that are not there. Written in the application's transactions, which must not wait for each
-- other: so nothing is unique here, and a tenant may be noted twice.
create table postbell_private.missing_tenant (
    id bigint generated always as identity primary key,

    source regclass not null,
    tenant_id text collate "C" not null,
    noted_at timestamptz not null default now(),

    constraint tenant_id_is_short check (length(tenant_id) between 1 and 255 and octet_length(tenant_id) <= 600)
);
create index missing_tenant_of_source_idx on postbell_private.missing_tenant (source, tenant_id);
comment on table postbell_private.missing_tenant is 'A tenant that a mirrored users table names and that does not exist. Its users become recipients when it does.';
comment on column postbell_private.missing_tenant.source is 'The users table.';

-- A row of such a table, as a recipient would have it.
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
comment on type postbell_private.mirrored is 'A user of the application in the columns of a recipient, before it is looked at what of that is of use.';
