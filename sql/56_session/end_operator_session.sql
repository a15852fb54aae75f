create or replace function postbell.end_operator_session(digest bytea) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell.operator_session
    where digest = end_operator_session.digest;
    return found;
end
$$;

comment on function postbell.end_operator_session(bytea) is 'Logs an operator out; false if there was no such session.';
