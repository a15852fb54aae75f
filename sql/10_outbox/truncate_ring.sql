create or replace function postbell.truncate_ring(keep_days integer default 5) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- A producer that still writes to an old leaf is not waited for; the next round will do.
set lock_timeout = '100ms'
as $$
declare
    v_ring constant integer := 8;
    v_today constant bigint := extract(epoch from now())::bigint / 86400;
    v_leaf text;
    v_unrouted boolean;
    v_truncated integer := 0;
begin
    if keep_days not between 1 and v_ring - 2 then
        perform postbell.raise_error('invalid_argument', 'keep_days is from 1 to ' || v_ring - 2);
    end if;

    -- A leaf of so many days ago has nothing in it that is younger than one day less.
    for age in keep_days + 1 .. v_ring - 1 loop
        v_leaf := 'outbox_' || mod(v_today - age, v_ring);
        continue when pg_relation_size(format('postbell.%I', v_leaf)::regclass) = 0;

        begin
            execute format('lock table only postbell.%I in access exclusive mode', v_leaf);
            -- Looked at under the lock: nobody can add to the leaf now.
            execute format(
                'select exists (select from postbell.%I where xid >= pg_snapshot_xmin((postbell.current_step()).snapshot))', v_leaf
            ) into v_unrouted;
            if not v_unrouted then
                execute format('truncate only postbell.%I', v_leaf);
                v_truncated := v_truncated + 1;
            end if;
        exception
            when lock_not_available then
                null;
            when others then
                raise warning 'housekeeping: % cannot be emptied: %: %', v_leaf, sqlstate, sqlerrm;
        end;
    end loop;
    return v_truncated;
end
$$;

comment on function postbell.truncate_ring(integer) is
    'Empties the leaves of the outbox that are older than so many days, if all in them is routed. Never waits for a producer; a leaf with which that fails is left, with a warning. Returns how many it emptied.';
