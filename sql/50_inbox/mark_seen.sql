create or replace function postbell.mark_seen(recipient text, item_ids bigint[], tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        seen_at = postbell.clock()
    where tenant_id = mark_seen.tenant_id
      and recipient_id = mark_seen.recipient
      and id = any(item_ids)
      and seen_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.mark_seen(text, bigint[], text) is 'Notes that items were shown. Returns how many had not been.';
