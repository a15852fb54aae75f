create or replace function postbell.truncate_stream() returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- A writer that is still at an old leaf is not waited for; the next round will do.
set lock_timeout = '100ms'
as $$
declare
    v_ring constant integer := 8;
    v_now constant bigint := extract(epoch from now())::bigint / 10800;
    v_slot smallint;
    v_leaf text;
    v_last_xid xid8;
    v_truncated integer := 0;
begin
    -- The leaf that is written to next, and the one after it: a round may find them in use.
    for age in v_ring - 2 .. v_ring - 1 loop
        v_slot := mod(v_now - age, v_ring);
        v_leaf := 'stream_event_' || v_slot;
        continue when pg_relation_size(format('postbell.%I', v_leaf)::regclass) = 0;

        begin
            execute format('lock table only postbell.%I in access exclusive mode', v_leaf);
            execute format('select xid from only postbell.%I order by xid desc limit 1', v_leaf) into v_last_xid;
            execute format('truncate only postbell.%I', v_leaf);
            if v_last_xid is not null then
                insert into postbell.stream_truncation (slot, last_xid)
                values (v_slot, v_last_xid)
                on conflict (slot) do update set
                    last_xid = excluded.last_xid,
                    truncated_at = excluded.truncated_at;
            end if;
            v_truncated := v_truncated + 1;
        exception
            when lock_not_available then
                null;
        end;
    end loop;
    return v_truncated;
end
$$;

comment on function postbell.truncate_stream() is
    'Empties the leaves of the stream log that are older than 15 hours, and notes what can no longer be told again. Waits for nobody. Returns how many it emptied.';
