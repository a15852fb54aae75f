create or replace function postbell.archive(recipient text, item_ids bigint[], tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        archived_at = postbell.clock()
    where tenant_id = archive.tenant_id
      and recipient_id = archive.recipient
      and id = any(item_ids)
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.archive(text, bigint[], text) is 'Puts items away: they no longer count as unread. Returns how many were not away yet.';
