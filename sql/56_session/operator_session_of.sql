create or replace function postbell.operator_session_of(digest bytea)
returns table (operator text, expires_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select s.operator, s.expires_at
    from postbell.operator_session as s
    where s.digest = operator_session_of.digest
      and s.expires_at > postbell.clock()
$$;

comment on function postbell.operator_session_of(bytea) is 'Which operator''s session this is; nothing if there is none, or not any more.';
