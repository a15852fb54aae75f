create or replace function postbell.end_session(digest bytea) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell.session
    where digest = end_session.digest;
    if not found then
        return false;
    end if;

    -- Its open streams may be with any gateway. Somebody logging out is rare enough for a NOTIFY.
    perform pg_notify('postbell_session', encode(end_session.digest, 'hex'));
    return true;
end
$$;

comment on function postbell.end_session(bytea) is
    'Logs out, and tells every gateway (channel postbell_session, the digest in hexadecimal digits); false if there was no such session.';
