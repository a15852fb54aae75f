create or replace function postbell.refuse_tracking(
    recipient text, tenant_id text default 'default', refuses boolean default true
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell.require_recipient(refuse_tracking.tenant_id, refuse_tracking.recipient);
    update postbell.recipient set tracking_refused_at = case when refuses then coalesce(tracking_refused_at, postbell.clock()) end
    where tenant_id = refuse_tracking.tenant_id
      and id = refuse_tracking.recipient;
end
$$;

comment on function postbell.refuse_tracking is
    'The person does not want it to be known whether they open mails or follow links: neither is written into mails any more, nor taken from those already out. refuses => false takes it back.';
