create or replace function postbell.unread_among(tenant_ids text[], recipient_ids text[])
returns table (tenant_id text, recipient_id text, unread bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select asked.tenant_id, asked.recipient_id, counted.unread
    from unnest(unread_among.tenant_ids, unread_among.recipient_ids) as asked (tenant_id, recipient_id)
    join postbell.unread_counts as counted
        on counted.tenant_id = asked.tenant_id and counted.recipient_id = asked.recipient_id
$$;

comment on function postbell.unread_among(text[], text[]) is 'How many items of each of several people are unread, as unread_counts has it.';
