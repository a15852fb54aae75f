create or replace function postbell.require_value(name text, value anyelement) returns anyelement
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if value is null or value::text = '' then
        perform postbell.raise_error('invalid_argument', name || ' is missing');
    end if;
    return value;
end
$$;

comment on function postbell.require_value(text, anyelement) is 'Returns a value; raises invalid_argument if it is null or empty.';


create or replace function postbell.exact_amount(name text, value anyelement) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if pg_typeof(value) in ('real'::regtype, 'double precision'::regtype) then
        perform postbell.raise_error('invalid_argument', name || ' is a float, which is never exact: give a numeric or a text');
    elsif not postbell.is_of_type(to_jsonb(value::text), 'amount') then
        perform postbell.raise_error('invalid_argument', name || ' is no amount such as 19.90 but ' || left(value::text, 50));
    end if;
    return value::text;
end
$$;

comment on function postbell.exact_amount(text, anyelement) is 'Returns an amount as a decimal string, the form that payloads use; null stays null. Raises invalid_argument for a float and for a text that is no amount.';


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
        recipient => case when emit.audience is null and cardinality(addressed.people) = 1 then addressed.people[1] end,
        audience => case
            when cardinality(addressed.people) = 0 then emit.audience
            when emit.audience is not null or cardinality(addressed.people) > 1
                then coalesce(emit.audience, '{}') || jsonb_build_object('recipients', addressed.people)
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
    ) as addressed (people)
    where cardinality(addressed.people) > 0
       or emit.audience is not null
$$;

comment on function postbell.emit is 'Emits one event to people, each once, and returns its id; null if there is nobody. Every verb ends in it. Null fields are left out of the payload.';


create or replace function postbell_private.add_integer_ids(verb text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_written oid;
    v_arguments text;
    v_passed text;
    v_types text[];
begin
    -- The variant in the verb's file, which has just been defined: its ids are texts.
    select oid into strict v_written
    from pg_proc
    where pronamespace = 'postbell'::regnamespace
      and proname = add_integer_ids.verb
      and pg_get_function_arguments(oid) !~ '_id bigint'
    -- In an upgrade there may be an older one, with other arguments.
    order by age(xmin)
    limit 1;

    select
        string_agg(format('%I %s', name, type) || coalesce(' default ' || preset, ''), ', ' order by place),
        string_agg(format(case when is_id then '%1$I => %1$I::%2$s' else '%1$I => %1$I' end, name, written), ', ' order by place),
        array_agg(type order by place)
    into v_arguments, v_passed, v_types
    from (
        select
            place,
            name,
            is_id,
            format_type(given.type, null) as written,
            case when is_id then replace(format_type(given.type, null), 'text', 'bigint') else format_type(given.type, null) end as type,
            case when is_id and preset is not null then 'null' else preset end as preset
        from pg_proc
        cross join lateral unnest(proargnames, proargtypes::oid[]) with ordinality as given (name, type, place)
        cross join lateral pg_get_function_arg_default(v_written, place::integer) as preset
        cross join lateral (select name in ('actor', 'members') or name like '%\_id' and name <> 'tenant_id') as kind (is_id)
        where pg_proc.oid = v_written
    ) as argument;

    execute format(
        'create or replace function postbell.%I(%s) returns %s language sql as %L',
        verb, v_arguments, pg_get_function_result(v_written), format('select postbell.%I(%s)', verb, v_passed)
    );
    execute format(
        'comment on function postbell.%I(%s) is %L',
        verb, array_to_string(v_types, ', '), obj_description(v_written, 'pg_proc')
    );
end
$$;

comment on function postbell_private.add_integer_ids(text) is
    'Defines an overload of a verb that takes its ids as bigint. Called during a deploy, after the verb is defined. Where a call has ids of both types, cast the integers to text; a quoted literal counts as text.';
