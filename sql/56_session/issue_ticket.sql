create or replace function postbell.issue_ticket(
    digest bytea, recipient text, valid_until timestamptz, session_digest bytea default null, tenant_id text default 'default'
) returns timestamptz
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_expires_at timestamptz := least(postbell.clock() + interval '60 seconds', issue_ticket.valid_until);
begin
    perform postbell.require_present(issue_ticket.tenant_id, issue_ticket.recipient);

    insert into postbell.ticket (digest, tenant_id, recipient_id, session_digest, expires_at, valid_until)
    values (
        issue_ticket.digest, issue_ticket.tenant_id, issue_ticket.recipient,
        issue_ticket.session_digest, v_expires_at, issue_ticket.valid_until
    );
    return v_expires_at;
end
$$;

comment on function postbell.issue_ticket(bytea, text, timestamptz, bytea, text) is
    'Makes a ticket for one stream; returns until when it may be used: for a minute, and no longer than what it stands for.';
