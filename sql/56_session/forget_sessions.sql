create or replace function postbell.forget_sessions() returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    delete from postbell.session
    where expires_at <= postbell.clock();

    delete from postbell.operator_session
    where expires_at <= postbell.clock();

    delete from postbell.ticket
    where expires_at <= postbell.clock();
$$;

comment on function postbell.forget_sessions() is 'Deletes the sessions and tickets that are over.';
