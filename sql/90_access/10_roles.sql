-- Roles belong to the cluster, not to the database: another deployment may be making them just now.
do $$
declare
    v_role text;
begin
    foreach v_role in array array[
        'postbell_producer', 'postbell_reader', 'postbell_dispatcher', 'postbell_gateway', 'postbell_support', 'postbell_admin'
    ] loop
        if not exists (select from pg_roles where rolname = v_role) then
            begin
                execute format('create role %I nologin', v_role);
            exception
                when duplicate_object or unique_violation then
                    null;
            end;
        end if;
    end loop;
end
$$;

-- A gateway lets people in, and is then the reader of one of them at a time.
do $$
begin
    if not pg_has_role('postbell_gateway', 'postbell_reader', 'member') then
        grant postbell_reader to postbell_gateway;
    end if;
exception
    when unique_violation then
        null;
end
$$;
