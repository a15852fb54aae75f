-- Past row-level security: who logs in on a browser may not see whose it was, and must end it all the same. That
-- the browser is in their hands is shown by its secret, which an address found in some log does not tell.
create or replace function postbell.take_over_device(tenant_id text, recipient text, endpoint text, auth text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell.push_subscription
    where tenant_id = take_over_device.tenant_id
      and endpoint = take_over_device.endpoint
      and recipient_id <> take_over_device.recipient
      and auth = take_over_device.auth;

    if exists (
        select
        from postbell.push_subscription
        where tenant_id = take_over_device.tenant_id
          and endpoint = take_over_device.endpoint
          and recipient_id <> take_over_device.recipient
    ) then
        perform postbell.raise_error('invalid_argument', 'endpoint is somebody else''s browser: subscribe anew');
    end if;
end
$$;

comment on function postbell.take_over_device(text, text, text, text) is
    'Ends whoever else''s subscription this is, given its secret; raises invalid_argument without.';
