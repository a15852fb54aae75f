create or replace function postbell.add_integer_ids(verb text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_people constant text[] := array['client_id', 'writer_id', 'creator_id', 'assignee_id', 'sender_id', 'replier_id', 'members'];
    v_written oid;
    v_overload record;
begin
    -- The one in the verb's file, which has just been defined: its ids are texts.
    select oid into strict v_written
    from pg_proc
    where pronamespace = 'postbell'::regnamespace
      and proname = add_integer_ids.verb
      and xmin = pg_current_xact_id()::xid
      and pg_get_function_arguments(oid) !~ '_id bigint';

    for v_overload in
        with argument as (
            select
                given.place,
                given.name,
                format_type(given.type, null) as type,
                pg_get_function_arg_default(v_written, given.place::integer) as preset,
                case
                    when given.name = any (v_people) then 'person'
                    when given.name like '%\_id' and given.name <> 'tenant_id' then 'thing'
                end as kind
            from pg_proc
            cross join lateral unnest(proargnames, proargtypes::oid[]) with ordinality as given (name, type, place)
            where pg_proc.oid = v_written
        ),

        -- One kind of id for everything; or another for people than for things. Then a thing must be named, for without one
        -- nothing would tell the overloads apart: the first thing of those that are named.
        overload as (
            select array['person', 'thing'] as integers, null::bigint as first_thing
            union all
            select array[kind.integer], thing.place
            from (values ('person'), ('thing')) as kind (integer)
            join argument as thing on thing.kind = 'thing'
            where not exists (
                select
                from argument as earlier
                where earlier.kind = 'thing'
                  and earlier.place < thing.place
                  and earlier.preset is null
            )
        ),

        taken as (
            select
                overload.integers, overload.first_thing, argument.place, argument.name,
                argument.kind = any (overload.integers) as is_integer,
                case when argument.type = 'text[]' then 'text[]' else 'text' end as written,
                case
                    when argument.kind = any (overload.integers) then replace(argument.type, 'text', 'bigint')
                    else argument.type
                end as type,
                case
                    when argument.place = overload.first_thing then null
                    when argument.kind = any (overload.integers) and argument.preset is not null then 'null'
                    else argument.preset
                end as preset
            from overload
            join argument on argument.kind is distinct from 'thing' or argument.place >= coalesce(overload.first_thing, 0)
        )

        select
            string_agg(
                format('%I %s', name, type) || coalesce(' default ' || preset, ''), ', ' order by preset is not null, place
            ) as arguments,
            string_agg(
                format(case when is_integer then '%1$I => %1$I::%2$s' else '%1$I => %1$I' end, name, written), ', ' order by place
            ) as passed,
            array_agg(type order by preset is not null, place) as types
        from taken
        group by integers, first_thing
    loop
        execute format(
            'create or replace function postbell.%I(%s) returns %s language sql as %L',
            verb, v_overload.arguments, pg_get_function_result(v_written), format('select postbell.%I(%s)', verb, v_overload.passed)
        );
        execute format(
            'comment on function postbell.%I(%s) is %L',
            verb, array_to_string(v_overload.types, ', '), obj_description(v_written, 'pg_proc')
        );
    end loop;
end
$$;

comment on function postbell.add_integer_ids(text) is
    'For deploy, behind the definition of a verb: defines it for integers, too, as ids of people, of things, or of both. A literal in quotes is a text, whatever stands in it.';
