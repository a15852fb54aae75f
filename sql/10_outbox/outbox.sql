create or replace function postbell.register_event(
    key text,
    category text,
    priority text,
    default_channels text[],
    channels text[],
    fields jsonb default '{}',
    label text default null,
    description text default '',
    forced_channels text[] default '{}',
    notify_actor boolean default false,
    version text default '',
    roles text[] default null
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    insert into postbell.event_type as known (
        key, label, description, category, version,
        priority, default_channels, forced_channels, channels, notify_actor, fields, roles
    )
    values (
        register_event.key, coalesce(register_event.label, register_event.key), register_event.description,
        register_event.category, register_event.version,
        register_event.priority, register_event.default_channels, register_event.forced_channels,
        register_event.channels, register_event.notify_actor, register_event.fields,
        coalesce(register_event.roles, '{}')
    )
    on conflict (key) do update set
        label = excluded.label,
        description = excluded.description,
        category = excluded.category,
        version = excluded.version,
        priority = excluded.priority,
        default_channels = excluded.default_channels,
        forced_channels = excluded.forced_channels,
        channels = excluded.channels,
        notify_actor = excluded.notify_actor,
        fields = excluded.fields,
        roles = coalesce(register_event.roles, known.roles),
        registered_at = now()
    -- The row is written only if it changed.
    where (known.label, known.description, known.category, known.version, known.priority, known.default_channels,
            known.forced_channels, known.channels, known.notify_actor, known.fields, known.roles)
        is distinct from
          (excluded.label, excluded.description, excluded.category, excluded.version, excluded.priority,
            excluded.default_channels, excluded.forced_channels, excluded.channels, excluded.notify_actor, excluded.fields,
            coalesce(register_event.roles, known.roles));
end
$$;

comment on function postbell.register_event is 'Registers an event type or changes it. Deploy calls it for every template folder, which replaces other changes to an event that a folder declares. disabled_at stays as it is, and so do the roles if they are null.';


create or replace function postbell.notify(
    event text,
    recipient text default null,
    payload jsonb default '{}',
    tenant_id text default 'default',
    audience jsonb default null,
    channels text[] default null,
    forced_channels text[] default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null,
    idempotency_key text default null,
    subject text default null,
    actor text default null,
    priority text default null
) returns bigint
language sql
begin atomic
    insert into postbell.outbox (
        event, recipient, payload, tenant_id, audience, channels, forced_channels,
        deliver_at, expires_at, idempotency_key, subject, actor, priority
    )
    values (
        notify.event, notify.recipient, notify.payload, notify.tenant_id, notify.audience, notify.channels,
        notify.forced_channels, notify.deliver_at, notify.expires_at, notify.idempotency_key, notify.subject,
        notify.actor, notify.priority
    )
    returning id;
end;

comment on function postbell.notify is 'Emits one event in the caller''s transaction and returns its id. It does the same as an INSERT into postbell.outbox.';


create or replace function postbell_private.truncate_outbox(keep_days integer default 5) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- Does not wait for a producer that still writes to an old partition; the next round empties it.
set lock_timeout = '100ms'
as $$
declare
    v_ring constant integer := 8;
    v_today constant bigint := extract(epoch from now())::bigint / 86400;
    v_leaf text;
    v_unrouted boolean;
    v_truncated integer := 0;
begin
    if keep_days not between 1 and v_ring - 2 then
        perform postbell.raise_error('invalid_argument', 'keep_days is from 1 to ' || v_ring - 2);
    end if;

    -- A partition from N days ago has only rows that are older than N - 1 days.
    for age in keep_days + 1 .. v_ring - 1 loop
        v_leaf := 'outbox_' || mod(v_today - age, v_ring);
        continue when pg_relation_size(format('postbell.%I', v_leaf)::regclass) = 0;

        begin
            execute format('lock table only postbell.%I in access exclusive mode', v_leaf);
            -- Checked under the lock, so that no row can be added to the partition.
            execute format(
                'select exists (select from postbell.%I where xid >= pg_snapshot_xmin((postbell_private.current_step()).snapshot))', v_leaf
            ) into v_unrouted;
            if not v_unrouted then
                execute format('truncate only postbell.%I', v_leaf);
                v_truncated := v_truncated + 1;
            end if;
        exception
            when lock_not_available then
                null;
            when others then
                raise warning 'housekeeping: % cannot be emptied: %: %', v_leaf, sqlstate, sqlerrm;
        end;
    end loop;
    return v_truncated;
end
$$;

comment on function postbell_private.truncate_outbox(integer) is
    'Truncates the partitions of the outbox that are older than keep_days days and fully routed. Returns how many were truncated. It never waits for a producer; a partition that cannot be truncated is skipped with a warning.';


create or replace function postbell_private.wake_router() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_notify('postbell_wake', '');
    return null;
end
$$;

comment on function postbell_private.wake_router() is 'Notifies a sleeping router at commit.';


-- A sleeping router holds this lock exclusively; an awake one does not hold it. A producer that gets the shared
-- lock keeps it until commit and need not notify: the router cannot fall asleep before it sees the event.
-- So NOTIFY, whose commit takes a database-wide lock, is used only while the router sleeps.
create or replace trigger wake_router
after insert on postbell.outbox
for each statement
when (
    coalesce(current_setting('postbell.wake', true), '') <> 'off'
    and not pg_try_advisory_xact_lock_shared(1886351214, 1)
)
execute function postbell_private.wake_router();

comment on trigger wake_router on postbell.outbox is 'Wakes the router, if it sleeps. A session that prepares transactions sets postbell.wake = off.';
