create or replace function postbell.record_inbox(batch_id bigint, claim_token uuid, items json, versions jsonb default '{}') returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_is_attended constant boolean := postbell.is_attended();
    v_carried bigint[];
    v_written integer;
    v_tenant_id text;
    v_recipient_ids text[];
    v_item_ids bigint[];
begin
    -- Without a claim nothing is written: after a crash these numbers may be somebody else's.
    delete from postbell.batch
    where id = record_inbox.batch_id
      and claim_token = record_inbox.claim_token
    returning delivery_ids into v_carried;
    if not found then
        return null;
    end if;

    with free as (
        select d.id, n.subject, kind.category, item.title, item.body, item.link, item.image, item.actions
        from json_to_recordset(items)
            as item (delivery_id bigint, title text, body text, link text, image text, actions jsonb)
        join postbell.delivery as d on d.id = item.delivery_id
        join postbell.notification as n on n.id = d.notification_id
        join postbell.event_type as kind on kind.key = d.event
        -- Not as a join: without hashes, as the dispatcher plans, it would look at every pair.
        where (item.delivery_id in (select unnest(v_carried))) is true
          and d.state = 'queued'
        -- What somebody is just cancelling is left to them.
        for update of d skip locked
    ),

    -- Whoever settles the delivery writes the item, in one transaction: once, whatever crashes.
    settled as (
        update postbell.delivery as d set
            state = 'delivered',
            reason = null,
            attempts = attempts + 1,
            provider = 'inbox',
            sent_at = clock_timestamp(),
            delivered_at = clock_timestamp(),
            template_version = coalesce(versions ->> d.id::text, versions ->> d.event)
        from free
        where d.id = free.id
        returning
            d.id, d.notification_id, d.tenant_id, d.recipient_id, d.event, d.is_silent, d.created_at,
            free.subject, free.category, free.title, free.body, free.link, free.image, free.actions
    ),

    logged as (
        insert into postbell.attempt (delivery_id, outcome, provider)
        select id, 'sent', 'inbox'
        from settled
    ),

    written as (
        insert into postbell.inbox_item (
            id, outbox_id, tenant_id, recipient_id, event, category, subject,
            title, body, link, image, actions, is_silent, created_at
        )
        select
            id, notification_id, tenant_id, recipient_id, event, category, subject,
            title, body, link, image, coalesce(actions, '[]'), is_silent, created_at
        from settled
        returning id, tenant_id, recipient_id, is_silent
    )

    select
        count(*),
        min(tenant_id),
        array_agg(recipient_id) filter (where v_is_attended and not is_silent),
        array_agg(id) filter (where v_is_attended and not is_silent)
    into v_written, v_tenant_id, v_recipient_ids, v_item_ids
    from written;

    -- A batch is of one tenant, so open pages are told of it by one row.
    if v_item_ids is not null then
        insert into postbell.stream_event (tenant_id, kind, recipient_ids, item_ids)
        values (v_tenant_id, 'added', v_recipient_ids, v_item_ids);
        perform postbell.ring_gateways();
    end if;

    perform postbell.requeue(v_carried);
    return v_written;
end
$$;

comment on function postbell.record_inbox is 'Puts rendered items into the inbox, settles their deliveries and ends the batch, all at once. items: [{"delivery_id": 1, "title": "…", "body": "…", "link": null, "image": null, "actions": []}]. versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}. Returns how many were written; null, and nothing is, if the claim does not hold.';
