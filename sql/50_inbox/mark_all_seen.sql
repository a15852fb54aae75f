create or replace function postbell.mark_all_seen(recipient text, tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        seen_at = postbell.clock()
    where tenant_id = mark_all_seen.tenant_id
      and recipient_id = mark_all_seen.recipient
      -- What is read was seen: so the unread ones, which have an index, are all that can be left.
      and read_at is null
      and seen_at is null
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.mark_all_seen(text, text) is 'Notes that everything in the inbox was shown. Returns how many items had not been.';
