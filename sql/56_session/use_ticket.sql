create or replace function postbell.use_ticket(digest bytea)
returns table (tenant_id text, recipient_id text, session_digest bytea, valid_until timestamptz)
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    -- Deleting it is what makes it one-use: of two who try at once, one finds it gone.
    with used as (
        delete from postbell.ticket
        where digest = use_ticket.digest
        returning *
    )

    select used.tenant_id, used.recipient_id, used.session_digest, used.valid_until
    from used
    join postbell.recipient as person on person.tenant_id = used.tenant_id and person.id = used.recipient_id
    where used.expires_at > postbell.clock()
      and person.erased_at is null
$$;

comment on function postbell.use_ticket(bytea) is 'Whom a ticket lets in, and until when; nothing if it was used, is too old, or never was. It is used up.';
