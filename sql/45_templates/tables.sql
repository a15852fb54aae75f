-- Only added to: the row with the highest version is the text, and going back adds one more.
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
comment on table postbell.text_version is 'Texts that take the place of template files, each version of each. Written by postbell.set_text() and postbell.roll_back_text().';
comment on column postbell.text_version.tenant_id is 'Whose messages say it; null: everybody''s, where a tenant has no text of its own.';
comment on column postbell.text_version.path is 'That of the template file whose place it takes: order/paid/fr/email.html, layouts/email.html.';
comment on column postbell.text_version.content is 'Null: from here on it is the shipped file again, or for a tenant, what everybody has.';
comment on column postbell.text_version.note is 'Why it was changed, for whoever reads the history.';
comment on column postbell.text_version.created_by is 'The login.';

create table postbell.text_fault (
    text_id bigint primary key references postbell.text_version (id) on delete cascade,

    fault text not null,
    instead text not null,

    found_at timestamptz not null default clock_timestamp()
);
comment on table postbell.text_fault is 'Texts that a dispatcher could not use, and why. Messages go on with an earlier one.';
comment on column postbell.text_fault.instead is 'What is used in its place, such as version 2.';

create table postbell.template_set (
    version text collate "C" primary key,
    event text collate "C" not null,

    text_ids bigint[] not null,

    first_used_at timestamptz not null default clock_timestamp()
);
comment on table postbell.template_set is 'Versions of events'' templates that have texts of the database in them. One that is not here is of files alone.';
comment on column postbell.template_set.version is 'As postbell.delivery_log.template_version has it, in front of the dot.';
comment on column postbell.template_set.text_ids is 'Of postbell.text_version: what took the place of files, or stood where there was none.';

create table postbell.branding_version (
    tenant_id text collate "C" not null references postbell.tenant (id) on delete cascade,
    version integer not null,

    branding jsonb not null,

    replaced_at timestamptz not null default now(),
    replaced_by text not null default session_user,

    primary key (tenant_id, version)
);
comment on table postbell.branding_version is 'What tenants looked like before: each branding that another has replaced. The one in use is in postbell.tenant.';
comment on column postbell.branding_version.version is 'As postbell.delivery_log.template_version has it, behind the dot.';
