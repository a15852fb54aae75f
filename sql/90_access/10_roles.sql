-- Roles belong to the cluster: a deploy of another database may create them at the same time.
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

-- A gateway authenticates people and acts as the reader of one of them at a time.
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

-- For an operator it acts as support. It does not inherit the role, so that it has its rights only when it acts for an
-- operator. Before PostgreSQL 16 a grant cannot say so.
do $$
begin
    if not pg_has_role('postbell_gateway', 'postbell_support', 'member') then
        execute 'grant postbell_support to postbell_gateway'
            || case when current_setting('server_version_num')::integer >= 160000 then ' with inherit false' else '' end;
    end if;
exception
    when unique_violation then
        null;
end
$$;
