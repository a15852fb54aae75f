create or replace function postbell.session_of(digest bytea)
returns table (tenant_id text, recipient_id text, expires_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select s.tenant_id, s.recipient_id, s.expires_at
    from postbell.session as s
    join postbell.recipient as person on person.tenant_id = s.tenant_id and person.id = s.recipient_id
    where s.digest = session_of.digest
      and s.expires_at > postbell.clock()
      and person.erased_at is null
$$;

comment on function postbell.session_of(bytea) is 'Whose session this is; nothing if there is none, or not any more.';
