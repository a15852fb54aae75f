-- Roles belong to the cluster, not to the database: another deployment may be making them just now.
do $$
declare
    v_role text;
begin
    foreach v_role in array array[
        'postbell_producer', 'postbell_reader', 'postbell_dispatcher', 'postbell_support', 'postbell_admin'
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
