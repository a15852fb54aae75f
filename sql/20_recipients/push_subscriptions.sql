create or replace function postbell.require_device(endpoint text, p256dh text, auth text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    -- The address that the host name resolves to is checked when a message is sent, because DNS changes.
    if endpoint is null or length(endpoint) > 2000 or endpoint !~ '^https://[^/?#@\\[:space:]]+/[!-~]*$' then
        perform postbell.raise_error('invalid_argument', 'endpoint is not the https:// address of a PushSubscription');
    elsif p256dh is null or p256dh !~ '^B[A-Za-z0-9_-]{86}$' then
        perform postbell.raise_error('invalid_argument', 'p256dh is not an uncompressed P-256 key in base64url');
    elsif auth is null or auth !~ '^[A-Za-z0-9_-]{22}$' then
        perform postbell.raise_error('invalid_argument', 'auth is not 16 bytes in base64url');
    end if;
end
$$;

comment on function postbell.require_device(text, text, text) is 'Raises invalid_argument unless the values can be the endpoint and keys of a PushSubscription.';


-- Bypasses row-level security: a person who logs in on a browser may not see its former owner's subscription, but must
-- end it. The secret proves that they have the browser; the endpoint alone could come from a log.
create or replace function postbell.reassign_device(tenant_id text, recipient text, endpoint text, auth text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell.push_subscription
    where tenant_id = reassign_device.tenant_id
      and endpoint = reassign_device.endpoint
      and recipient_id <> reassign_device.recipient
      and auth = reassign_device.auth;

    if exists (
        select
        from postbell.push_subscription
        where tenant_id = reassign_device.tenant_id
          and endpoint = reassign_device.endpoint
          and recipient_id <> reassign_device.recipient
    ) then
        perform postbell.raise_error('invalid_argument', 'endpoint is somebody else''s browser: subscribe anew');
    end if;
end
$$;

comment on function postbell.reassign_device(text, text, text, text) is
    'Deletes another person''s subscription of the same browser, given its secret. Raises invalid_argument if the secret differs.';


create or replace function postbell.add_push_subscription(
    recipient text,
    endpoint text,
    p256dh text,
    auth text,
    user_agent text default null,
    tenant_id text default 'default'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_most_devices constant integer := 20;
    v_p256dh constant text := rtrim(translate(add_push_subscription.p256dh, '+/', '-_'), '=');
    v_auth constant text := rtrim(translate(add_push_subscription.auth, '+/', '-_'), '=');
begin
    perform postbell.require_recipient(add_push_subscription.tenant_id, add_push_subscription.recipient);
    perform postbell.require_device(add_push_subscription.endpoint, v_p256dh, v_auth);

    -- Another person has logged in on this browser. Messages to the former one must not be shown here.
    perform postbell.reassign_device(
        add_push_subscription.tenant_id, add_push_subscription.recipient, add_push_subscription.endpoint, v_auth
    );

    insert into postbell.push_subscription as known (tenant_id, recipient_id, endpoint, p256dh, auth, user_agent)
    values (
        add_push_subscription.tenant_id, add_push_subscription.recipient, add_push_subscription.endpoint,
        v_p256dh, v_auth, left(add_push_subscription.user_agent, 500)
    )
    on conflict (tenant_id, endpoint) do update set
        p256dh = excluded.p256dh,
        auth = excluded.auth,
        user_agent = coalesce(excluded.user_agent, known.user_agent);

    -- Each browser costs a provider call for every message, and nobody has this many.
    delete from postbell.push_subscription
    where id in (
        select id
        from postbell.push_subscription
        where tenant_id = add_push_subscription.tenant_id
          and recipient_id = add_push_subscription.recipient
          and endpoint <> add_push_subscription.endpoint
        order by coalesce(last_reached_at, created_at) desc, id desc
        offset v_most_devices - 1
    );
end
$$;

comment on function postbell.add_push_subscription is
    'Adds a browser''s push subscription for a person, by the endpoint and keys of its PushSubscription. Adding it again changes nothing. A subscription of another person on the same browser is deleted. A person has at most 20; beyond that, the one reached longest ago is deleted.';


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
    'Deletes a person''s push subscription, for instance at logout. Returns false if the person has none with this endpoint.';
