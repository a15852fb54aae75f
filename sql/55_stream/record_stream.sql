create or replace function postbell.record_stream(batch_id bigint, claim_token uuid, items json, versions jsonb default '{}') returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_carried bigint[];
    v_written integer;
begin
    -- Without a claim nothing is written: after a crash these numbers may be somebody else's.
    delete from postbell.batch
    where id = record_stream.batch_id
      and claim_token = record_stream.claim_token
    returning delivery_ids into v_carried;
    if not found then
        return null;
    end if;

    with free as (
        select d.id, n.subject, kind.category, item.title, item.body, item.link
        from json_to_recordset(items) as item (delivery_id bigint, title text, body text, link text)
        join postbell.delivery as d on d.id = item.delivery_id
        join postbell.notification as n on n.id = d.notification_id
        join postbell.event_type as kind on kind.key = d.event
        -- Not as a join: without hashes, as the dispatcher plans, it would look at every pair.
        where (item.delivery_id in (select unnest(v_carried))) is true
          and d.state = 'queued'
        -- What somebody is just cancelling is left to them.
        for update of d skip locked
    ),

    -- Whoever settles the delivery tells the page, in one transaction: once, whatever crashes.
    settled as (
        update postbell.delivery as d set
            state = 'sent',
            reason = null,
            attempts = attempts + 1,
            provider = 'stream',
            sent_at = clock_timestamp(),
            template_version = coalesce(versions ->> d.id::text, versions ->> d.event)
        from free
        where d.id = free.id
        returning
            d.id, d.notification_id, d.tenant_id, d.recipient_id, d.event, d.created_at,
            free.subject, free.category, free.title, free.body, free.link
    ),

    logged as (
        insert into postbell.attempt (delivery_id, outcome, provider)
        select id, 'sent', 'stream'
        from settled
    ),

    told as (
        insert into postbell.stream_event (tenant_id, kind, recipient_id, frame)
        select
            settled.tenant_id, 'notification', settled.recipient_id,
            json_build_object(
                'id', settled.id,
                'item_id', kept.id,
                'event', settled.event,
                'category', settled.category,
                'subject', settled.subject,
                'title', settled.title,
                'body', settled.body,
                'link', settled.link,
                'created_at', settled.created_at
            )
        from settled
        left join postbell.delivery as kept
            on kept.notification_id = settled.notification_id
            and kept.recipient_id = settled.recipient_id
            and kept.channel = 'in_app'
            and kept.decision <> 'no'
        order by settled.id
        returning id
    )

    select count(*) into v_written from told;
    if v_written > 0 then
        perform postbell.ring_gateways();
    end if;

    perform postbell.requeue(v_carried);
    return v_written;
end
$$;

comment on function postbell.record_stream is 'Tells open pages, settles the deliveries and ends the batch, all at once. items: [{"delivery_id": 1, "title": "…", "body": "…", "link": null}]. versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}. Returns how many were told; null, and nobody is, if the claim does not hold.';
