create or replace function postbell.mark_all_read(recipient text, tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        read_at = postbell.clock(),
        seen_at = coalesce(seen_at, postbell.clock())
    where tenant_id = mark_all_read.tenant_id
      and recipient_id = mark_all_read.recipient
      and read_at is null
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.mark_all_read(text, text) is 'Notes that everything in the inbox was read. Returns how many items had not been.';
