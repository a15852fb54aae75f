create or replace function postbell_private.require_present(tenant_id text, recipient text) returns void
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select
        from postbell.recipient
        where tenant_id = require_present.tenant_id
          and id = require_present.recipient
          and erased_at is null
    ) then
        perform postbell.raise_error('unknown_recipient',
            format('%s of tenant %s', coalesce(require_present.recipient, 'null'), coalesce(require_present.tenant_id, 'null')));
    end if;
end
$$;

comment on function postbell_private.require_present(text, text) is 'Raises unknown_recipient unless the person exists and is not erased.';


create or replace function postbell_private.begin_session(
    digest bytea, recipient text, expires_at timestamptz, tenant_id text default 'default'
) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell_private.require_present(begin_session.tenant_id, begin_session.recipient);

    insert into postbell_private.session (digest, tenant_id, recipient_id, expires_at)
    values (begin_session.digest, begin_session.tenant_id, begin_session.recipient, begin_session.expires_at);
end
$$;

comment on function postbell_private.begin_session(bytea, text, timestamptz, text) is
    'Inserts a session of a person, valid until a time. The caller has verified a token that the application signed.';


create or replace function postbell_private.session_of(digest bytea)
returns table (tenant_id text, recipient_id text, expires_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select s.tenant_id, s.recipient_id, s.expires_at
    from postbell_private.session as s
    join postbell.recipient as person on person.tenant_id = s.tenant_id and person.id = s.recipient_id
    where s.digest = session_of.digest
      and s.expires_at > postbell.clock()
      and person.erased_at is null
$$;

comment on function postbell_private.session_of(bytea) is 'Returns the person of a session; no row if it does not exist or has expired.';


create or replace function postbell_private.end_session(digest bytea) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell_private.session
    where digest = end_session.digest;
    if not found then
        return false;
    end if;

    -- Its open streams may be at any gateway. Logouts are rare enough for a NOTIFY.
    perform pg_notify('postbell_session', encode(end_session.digest, 'hex'));
    return true;
end
$$;

comment on function postbell_private.end_session(bytea) is
    'Deletes a session and notifies every gateway (channel postbell_session, with the digest in hexadecimal). Returns false if there was no such session.';


create or replace function postbell_private.issue_ticket(
    digest bytea, recipient text, valid_until timestamptz, session_digest bytea default null, tenant_id text default 'default'
) returns timestamptz
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_expires_at timestamptz := least(postbell.clock() + interval '60 seconds', issue_ticket.valid_until);
begin
    perform postbell_private.require_present(issue_ticket.tenant_id, issue_ticket.recipient);

    insert into postbell_private.ticket (digest, tenant_id, recipient_id, session_digest, expires_at, valid_until)
    values (
        issue_ticket.digest, issue_ticket.tenant_id, issue_ticket.recipient,
        issue_ticket.session_digest, v_expires_at, issue_ticket.valid_until
    );
    return v_expires_at;
end
$$;

comment on function postbell_private.issue_ticket(bytea, text, timestamptz, bytea, text) is
    'Inserts a ticket that opens one stream. Returns when it expires: after a minute, or earlier if the session or token expires.';


create or replace function postbell_private.use_ticket(digest bytea)
returns table (tenant_id text, recipient_id text, session_digest bytea, valid_until timestamptz)
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    -- The DELETE makes it single-use: of two concurrent uses, one finds no row.
    with used as (
        delete from postbell_private.ticket
        where digest = use_ticket.digest
        returning *
    )

    select used.tenant_id, used.recipient_id, used.session_digest, used.valid_until
    from used
    join postbell.recipient as person on person.tenant_id = used.tenant_id and person.id = used.recipient_id
    where used.expires_at > postbell.clock()
      and person.erased_at is null
$$;

comment on function postbell_private.use_ticket(bytea) is 'Uses up a ticket, and returns its person and until when the stream may stay open; no row if it was used, has expired or does not exist.';


create or replace function postbell_private.begin_operator_session(digest bytea, operator text, expires_at timestamptz) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    insert into postbell_private.operator_session (digest, operator, expires_at)
    values (begin_operator_session.digest, begin_operator_session.operator, begin_operator_session.expires_at);
$$;

comment on function postbell_private.begin_operator_session(bytea, text, timestamptz) is
    'Inserts a session of an operator, valid until a time. The caller has verified a token of scope operator that the application signed.';


create or replace function postbell_private.operator_session_of(digest bytea)
returns table (operator text, expires_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select s.operator, s.expires_at
    from postbell_private.operator_session as s
    where s.digest = operator_session_of.digest
      and s.expires_at > postbell.clock()
$$;

comment on function postbell_private.operator_session_of(bytea) is 'Returns the operator of a session; no row if it does not exist or has expired.';


create or replace function postbell_private.end_operator_session(digest bytea) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell_private.operator_session
    where digest = end_operator_session.digest;
    return found;
end
$$;

comment on function postbell_private.end_operator_session(bytea) is 'Deletes a session of an operator. Returns false if there was no such session.';


create or replace function postbell_private.forget_sessions() returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    delete from postbell_private.session
    where expires_at <= postbell.clock();

    delete from postbell_private.operator_session
    where expires_at <= postbell.clock();

    delete from postbell_private.ticket
    where expires_at <= postbell.clock();
$$;

comment on function postbell_private.forget_sessions() is 'Deletes expired sessions and tickets.';
