-- Append-only: the row with the highest version is in use, and a rollback inserts another one.
create table postbell.text_version (
    id bigint generated always as identity primary key,
    tenant_id text collate "C" references postbell.tenant (id) on delete cascade,
    path text collate "C" not null,
    version integer not null,

    content text,
    note text,

    created_at timestamptz not null default now(),
    created_by text not null default session_user,

    constraint path_is_that_of_a_template check (
        length(path) <= 200
        and (
            path ~ '^(layouts|partials)(/[a-z0-9_-]+)*/[a-z0-9_.-]+\.(html|txt)$'
            or path ~ '^[a-z0-9_]+(/[a-z0-9_]+)+(/[a-z0-9-]+)?/([a-z0-9_.]+\.(html|txt)|[a-z0-9_]+\.json)$'
        )
    ),
    constraint content_is_a_text_and_not_a_book check (length(content) <= 262144)
);
create unique index text_version_idx on postbell.text_version (tenant_id, path, version) nulls not distinct;
comment on table postbell.text_version is 'All versions of the template overrides. Written by postbell.set_text() and postbell.roll_back_text().';
comment on column postbell.text_version.tenant_id is 'The tenant whose messages use it; null for all tenants without an override of their own.';
comment on column postbell.text_version.path is 'The path of the overridden template file, such as order/paid/fr/email.html or layouts/email.html.';
comment on column postbell.text_version.content is 'The text; null if the override was removed with this version.';
comment on column postbell.text_version.note is 'Why it was changed.';
comment on column postbell.text_version.created_by is 'The login role that changed it.';

create table postbell.text_fault (
    text_id bigint primary key references postbell.text_version (id) on delete cascade,

    fault text not null,
    instead text not null,

    found_at timestamptz not null default clock_timestamp()
);
comment on table postbell.text_fault is 'Template overrides that a dispatcher could not use, and why. Messages use the file.';
comment on column postbell.text_fault.instead is 'What is used instead: the file, or nothing where there is none.';

create table postbell.template_set (
    version text collate "C" primary key,
    event text collate "C" not null,

    text_ids bigint[] not null,

    first_used_at timestamptz not null default clock_timestamp()
);
comment on table postbell.template_set is 'Template versions of events that include overrides. A version that is not listed consists of files alone.';
comment on column postbell.template_set.version is 'The part of postbell.delivery_log.template_version before the dot.';
comment on column postbell.template_set.text_ids is 'The overrides in it, ids of postbell.text_version.';

create table postbell.branding_version (
    tenant_id text collate "C" not null references postbell.tenant (id) on delete cascade,
    version integer not null,

    branding jsonb not null,

    replaced_at timestamptz not null default now(),
    replaced_by text not null default session_user,

    primary key (tenant_id, version)
);
comment on table postbell.branding_version is 'Former brandings of tenants. The current one is in postbell.tenant.';
comment on column postbell.branding_version.version is 'The part of postbell.delivery_log.template_version after the dot.';
