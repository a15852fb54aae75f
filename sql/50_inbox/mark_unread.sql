create or replace function postbell.mark_unread(recipient text, item_ids bigint[], tenant_id text default 'default') returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        read_at = null
    where tenant_id = mark_unread.tenant_id
      and recipient_id = mark_unread.recipient
      and id = any(item_ids)
      and read_at is not null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

comment on function postbell.mark_unread(text, bigint[], text) is 'Makes items unread again. Returns how many had been read.';
