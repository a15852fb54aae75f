create or replace function postbell.add_integer_ids(verb text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_written oid;
    v_arguments text;
    v_passed text;
    v_types text[];
begin
    -- The one in the verb's file, which has just been defined: its ids are texts.
    select oid into strict v_written
    from pg_proc
    where pronamespace = 'postbell'::regnamespace
      and proname = add_integer_ids.verb
      and xmin = pg_current_xact_id()::xid
      and pg_get_function_arguments(oid) !~ '_id bigint';

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

comment on function postbell.add_integer_ids(text) is
    'For deploy, behind the definition of a verb: defines it once more, with bigint in the place of every id. Where ids are of both kinds, cast the integers to text. A literal in quotes is a text, whatever stands in it.';
