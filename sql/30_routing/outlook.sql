create or replace function postbell.outlook(at timestamptz default null)
returns table (
    category text, event text, label text, description text, channel text,
    is_wanted boolean, decision text, rung smallint, reason text, due_at timestamptz, is_silent boolean, off_by jsonb
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    with kind as (
        select e.category, e.key, e.label, e.description, e.channels
        from postbell.event_type as e
        where e.disabled_at is null
          and postbell.is_meant_for(postbell.current_tenant(), postbell.current_recipient(), e.roles)
          and not exists (
              select
              from postbell.tenant_event as custom
              where custom.tenant_id = postbell.current_tenant()
                and custom.event = e.key
                and custom.disabled_at is not null
          )
    ),

    -- Each event twice: as it would be emitted, and as if every channel were wanted, which tells what is in the way.
    decided as materialized (
        select *
        from postbell.decide(array(
            select row(
                way.number, postbell.current_tenant(), kind.key, postbell.current_recipient(), null, null,
                way.named, null, null, null, outlook.at, null, null
            )::postbell.candidate
            from kind
            cross join lateral (values (1, null), (2, kind.channels)) as way (number, named)
        ))
    )

    select
        kind.category, kind.key, kind.label, kind.description, hoped.channel,
        given.event is not null,
        case
            when given.event is null then 'no'
            when given.due_at <= greatest(outlook.at, postbell.clock()) then 'now'
            else given.decision
        end,
        case when given.event is not null or hoped.rung < 5 then hoped.rung end,
        case when given.event is not null or hoped.rung < 5 then hoped.reason else 'not_usual' end,
        case when given.due_at > greatest(outlook.at, postbell.clock()) then given.due_at end,
        coalesce(given.is_silent and given.decision <> 'no', false),
        array_to_json(array(
            select jsonb_build_object('channel', off_channel, 'category', off_category, 'event', off_event)
            from postbell.switched_off_by(
                postbell.current_tenant(), postbell.current_recipient(), hoped.channel, kind.category, kind.key
            )
            order by num_nonnulls(off_channel, off_category, off_event), off_channel nulls first
        ))::jsonb
    from kind
    join decided as hoped on hoped.notification_id = 2 and hoped.event = kind.key
    left join decided as given
        on given.notification_id = 1
        and given.event = kind.key
        and given.channel = hoped.channel
    order by kind.category, kind.key, array_position(kind.channels, hoped.channel);
end
$$;

comment on function postbell.outlook(timestamptz) is
    'What the person of this session (postbell.tenant, postbell.recipient) would get of each event, by each channel that it has, if it happened now or at a time; asked of postbell.decide(). A channel that is not wanted says what would be in the way, else not_usual. off_by: the explicit offs that cover it, broadest first.';
