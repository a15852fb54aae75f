create or replace function postbell.begin_session(
    digest bytea, recipient text, expires_at timestamptz, tenant_id text default 'default'
) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell.require_present(begin_session.tenant_id, begin_session.recipient);

    insert into postbell.session (digest, tenant_id, recipient_id, expires_at)
    values (begin_session.digest, begin_session.tenant_id, begin_session.recipient, begin_session.expires_at);
end
$$;

comment on function postbell.begin_session(bytea, text, timestamptz, text) is
    'Logs a person in, until a time. Whoever calls this has seen a token that the application signed.';
