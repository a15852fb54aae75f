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

    -- Somebody else has logged in on this browser: what is for the former one must not be shown here.
    perform postbell.take_over_device(
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

    -- Nobody has so many browsers; and each of them is a call for every message.
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
    'Lets a browser be pushed to: a PushSubscription''s endpoint and keys. Adding it again changes nothing; a browser that was somebody else''s is theirs no longer. Of more than 20, the one reached longest ago is dropped.';
