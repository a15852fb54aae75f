create or replace function postbell.doze() returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    for v_place in 0 .. 3 loop
        -- Try, never queue: a queued exclusive request would make every writer behind it ring.
        if pg_try_advisory_lock(1919512167, v_place) then
            return v_place;
        end if;
    end loop;
    return null;
end
$$;

comment on function postbell.doze() is
    'A gateway sleeps: from now on whoever writes to the stream log rings. Returns its place; null while somebody who did not ring is in flight, or four others sleep. Look once more after it, then wait.';
