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
    -- A deploy that changes nothing writes nothing.
    where (known.label, known.description, known.category, known.version, known.priority, known.default_channels,
            known.forced_channels, known.channels, known.notify_actor, known.fields, known.roles)
        is distinct from
          (excluded.label, excluded.description, excluded.category, excluded.version, excluded.priority,
            excluded.default_channels, excluded.forced_channels, excluded.channels, excluded.notify_actor, excluded.fields,
            coalesce(register_event.roles, known.roles));
end
$$;

comment on function postbell.register_event is 'Makes an event known, or changes it. Deploy calls it for every template folder. Whether the event is disabled is left alone, and so are its roles if they are null. What a folder declares is as the folder says again with the next deploy.';
