create or replace function postbell.suppress(
    channel text,
    address text,
    reason text default 'manual',
    detail text default null,
    expires_at timestamptz default 'infinity',
    tenant_id text default 'default'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    insert into postbell.suppression (tenant_id, channel, address, reason, detail, expires_at)
    values (
        suppress.tenant_id, suppress.channel, postbell.normal_address(suppress.channel, suppress.address),
        suppress.reason, suppress.detail, coalesce(suppress.expires_at, 'infinity')
    )
    on conflict (tenant_id, channel, address) do update set
        reason = excluded.reason,
        detail = excluded.detail,
        expires_at = excluded.expires_at,
        suppressed_at = postbell.clock();
end
$$;

comment on function postbell.suppress is 'Stops all messages to an address: bounce, complaint, unsubscribe, stop, gone or manual.';
