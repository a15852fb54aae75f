create or replace function postbell.begin_operator_session(digest bytea, operator text, expires_at timestamptz) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    insert into postbell.operator_session (digest, operator, expires_at)
    values (begin_operator_session.digest, begin_operator_session.operator, begin_operator_session.expires_at);
$$;

comment on function postbell.begin_operator_session(bytea, text, timestamptz) is
    'Logs an operator in, until a time. Whoever calls this has seen a token of scope operator that the application signed.';
