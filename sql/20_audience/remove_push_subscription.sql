create or replace function postbell.remove_push_subscription(recipient text, endpoint text, tenant_id text default 'default')
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell.push_subscription
    where tenant_id = remove_push_subscription.tenant_id
      and recipient_id = remove_push_subscription.recipient
      and endpoint = remove_push_subscription.endpoint;
    return found;
end
$$;

comment on function postbell.remove_push_subscription(text, text, text) is
    'Ends the pushes to a browser, at a logout for instance; false if it was not theirs.';
