create or replace function postbell.emit(
    event text,
    subject text,
    people text[],
    payload jsonb,
    tenant_id text,
    actor text,
    idempotency_key text,
    deliver_at timestamptz,
    expires_at timestamptz,
    audience jsonb default null
) returns bigint
language sql
as $$
    select postbell.notify(
        event => emit.event,
        subject => emit.subject,
        recipient => case when emit.audience is null and cardinality(told.people) = 1 then told.people[1] end,
        audience => case
            when cardinality(told.people) = 0 then emit.audience
            when emit.audience is not null or cardinality(told.people) > 1
                then coalesce(emit.audience, '{}') || jsonb_build_object('recipients', told.people)
        end,
        payload => jsonb_strip_nulls(emit.payload),
        tenant_id => postbell.require_value('tenant_id', emit.tenant_id),
        actor => nullif(emit.actor, ''),
        idempotency_key => emit.idempotency_key,
        deliver_at => emit.deliver_at,
        expires_at => emit.expires_at
    )
    from (
        select array(
            select id
            from unnest(emit.people) with ordinality as named (id, place)
            where id <> ''
            group by id
            order by min(place)
        )
    ) as told (people)
    where cardinality(told.people) > 0
       or emit.audience is not null
$$;

comment on function postbell.emit is 'What every verb ends in: emits one event to some people, each once, and returns its id; null if there is nobody. Absent fields are left out of the payload.';
