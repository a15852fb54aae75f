create or replace function postbell.route_page(
    step postbell.router_step, window_snapshot pg_snapshot, most integer,
    out routed integer, out last_xid xid8, out last_id bigint
)
language plpgsql
as $$
#variable_conflict use_column
declare
    v_accepted bigint[];
begin
    with judged as materialized (
        select
            emitted.*,
            fault.reason,
            fault.detail,
            case when emitted.idempotency_key is not null then postbell.fingerprint_of(emitted) end as fingerprint
        from postbell.committed_between(
            (step).snapshot, window_snapshot,
            coalesce((step).position_xid, '0'), coalesce((step).position_id, 0), most
        ) as emitted
        left join lateral postbell.fault_in(
            tenant_id => emitted.tenant_id, event => emitted.event, recipient => emitted.recipient,
            payload => emitted.payload, audience => emitted.audience,
            channels => emitted.channels, forced_channels => emitted.forced_channels, priority => emitted.priority,
            subject => emitted.subject, actor => emitted.actor, idempotency_key => emitted.idempotency_key,
            deliver_at => emitted.deliver_at, expires_at => emitted.expires_at
        ) as fault on true
    ),

    -- Who holds the idempotency key: an earlier event, or the first sound one here. A rejected event uses up no key.
    keyed as materialized (
        select
            judged.*,
            coalesce(used.outbox_id, first_value(judged.id) over same_key) as holder_id,
            coalesce(used.fingerprint, first_value(judged.fingerprint) over same_key) as holder_fingerprint
        from judged
        left join postbell.idempotency_key as used
            on used.tenant_id = judged.tenant_id and used.key = judged.idempotency_key
        window same_key as (
            partition by judged.tenant_id, judged.idempotency_key, judged.reason is null
            order by judged.xid, judged.id
        )
    ),

    sorted as materialized (
        select
            keyed.*,
            case
                when reason is not null then 'rejected'
                when idempotency_key is null or holder_id = id then 'accepted'
                when holder_fingerprint = fingerprint then 'duplicate'
                else 'rejected'
            end as verdict
        from keyed
    ),

    accepted as (
        insert into postbell.notification (
            id, xid, tenant_id, event, recipient, audience, actor, subject, payload,
            channels, forced_channels, priority, deliver_at, expires_at, created_at
        )
        select
            sorted.id, sorted.xid, sorted.tenant_id, sorted.event, nullif(sorted.recipient, ''), sorted.audience, sorted.actor,
            sorted.subject, coalesce(sorted.payload, '{}'), sorted.channels, sorted.forced_channels,
            coalesce(sorted.priority, kind.priority), sorted.deliver_at, sorted.expires_at, sorted.created_at
        from sorted
        join postbell.event_type as kind on kind.key = sorted.event
        where verdict = 'accepted'
    ),

    used as (
        insert into postbell.idempotency_key (tenant_id, key, fingerprint, outbox_id)
        select tenant_id, idempotency_key, fingerprint, id
        from sorted
        where verdict = 'accepted'
          and idempotency_key is not null
    ),

    repeated as (
        insert into postbell.duplicate_event (outbox_id, first_outbox_id, created_at)
        select id, holder_id, created_at
        from sorted
        where verdict = 'duplicate'
    ),

    rejected as (
        insert into postbell.rejected_event (outbox_id, tenant_id, event, recipient, reason, detail, source, created_at)
        select
            id, left(tenant_id, 255), left(event, 255), left(recipient, 255),
            coalesce(reason, 'key_reused'),
            coalesce(detail, 'the key ' || idempotency_key || ' was used by event ' || holder_id || ' for something else'),
            to_jsonb(sorted) - '{slot,xid,reason,detail,fingerprint,holder_id,holder_fingerprint,verdict}'::text[],
            created_at
        from sorted
        where verdict = 'rejected'
    )

    select
        count(*),
        (array_agg(xid order by xid desc, id desc))[1],
        (array_agg(id order by xid desc, id desc))[1],
        array_agg(id) filter (where verdict = 'accepted')
    into routed, last_xid, last_id, v_accepted
    from sorted;

    if v_accepted is not null then
        perform postbell.tell(v_accepted);
    end if;
end
$$;

comment on function postbell.route_page is
    'One page of the window: sound events are accepted and told, others rejected with their reason, repeated ones noted.';
