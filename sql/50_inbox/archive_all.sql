create or replace function postbell.archive_all(recipient text, tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        archived_at = postbell.clock()
    where tenant_id = archive_all.tenant_id
      and recipient_id = archive_all.recipient
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.archive_all(text, text) is 'Puts everything in the inbox away. Returns how many items were not away yet.';
