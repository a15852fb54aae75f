create or replace function postbell.unmute(
    recipient text,
    category text default null,
    event text default null,
    subject text default null,
    tenant_id text default 'default'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell.mute
    where tenant_id = unmute.tenant_id
      and recipient_id = unmute.recipient
      and category is not distinct from unmute.category
      and event is not distinct from unmute.event
      and subject is not distinct from unmute.subject;
end
$$;

comment on function postbell.unmute is 'Ends what postbell.mute() with the same arguments began.';
