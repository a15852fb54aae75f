create or replace function postbell.mirror_faults(source regclass) returns table (tenant_id text, recipient_id text, fault text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_mirror postbell.recipient_mirror;
    v_people postbell.mirrored[];
begin
    select * into v_mirror
    from postbell.recipient_mirror as known
    where known.source = mirror_faults.source;
    if not found then
        perform postbell.raise_error('invalid_argument', mirror_faults.source || ' is not mirrored');
    end if;

    for v_people in
        select people from postbell.read_users(v_mirror.source, v_mirror.mapping, v_mirror.tenant_id) as people
    loop
        return query
        select person.tenant_id, person.id, unnest(person.faults)
        from postbell.sound_people(v_people) as person;
    end loop;
end
$$;

comment on function postbell.mirror_faults(regclass) is 'What of a mirrored table is of no use to Postbell, and of whom. Reads the whole table.';
