-- Which table of the application the recipients follow. Triggers on it, made by postbell.mirror_recipients(), do the work.
create table postbell.recipient_mirror (
    source regclass primary key,

    mapping jsonb not null,
    tenant_id text collate "C" not null,
    mirrored_at timestamptz not null default now(),

    failed_at timestamptz,
    failure text,

    constraint mapping_is_an_object check (jsonb_typeof(mapping) = 'object'),
    constraint failure_has_a_time check ((failed_at is null) = (failure is null))
);
comment on table postbell.recipient_mirror is 'A users table of the application that recipients follow. postbell.mirror_faults() shows what of its rows is of no use.';
comment on column postbell.recipient_mirror.mapping is 'Column of a recipient → column of the table, as given to postbell.mirror_recipients().';
comment on column postbell.recipient_mirror.tenant_id is 'Whose recipients they are, if the mapping names no column for it.';
comment on column postbell.recipient_mirror.failed_at is 'When a change of the table could not be followed, say because a column is gone. Mend it and mirror again.';

-- A row of such a table, as a recipient would have it.
create type postbell.mirrored as (
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
comment on type postbell.mirrored is 'A user of the application in the columns of a recipient, before it is looked at what of that is of use.';
