create or replace function postbell.tell(notification_ids bigint[]) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    -- An audience of up to this many is told at once, a larger one, or a longer list, in turns.
    v_small constant integer := 20;
    v_candidates postbell.candidate[];
begin
    with accepted as materialized (
        select n as notification
        from unnest(notification_ids) as wanted (id)
        join postbell.notification as n on n.id = wanted.id
        cross join lateral postbell.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as tombstone
        where not tombstone.is_cancelled
    ),

    scheduled as (
        insert into postbell.scheduled_notification (notification_id, tenant_id, priority, due_at)
        select (notification).id, (notification).tenant_id, (notification).priority, (notification).deliver_at
        from accepted
        where (notification).deliver_at > postbell.clock()
    ),

    due as (
        select notification
        from accepted
        where (notification).deliver_at > postbell.clock() is not true
    ),

    -- A long list is not even sorted here.
    addressed as materialized (
        select notification, (notification).recipient as recipient_id, 1 as audience_size
        from due
        where (notification).audience is null

        union all
        select notification, null, jsonb_array_length((notification).audience -> 'recipients')
        from due
        where jsonb_array_length((notification).audience -> 'recipients') > v_small

        union all
        select notification, member.recipient_id, count(*) over (partition by (notification).id)
        from due
        cross join lateral postbell.members_of(
            (notification).tenant_id, (notification).recipient, (notification).audience, '', v_small + 1
        ) as member
        where (notification).audience is not null
          and jsonb_array_length((notification).audience -> 'recipients') > v_small is not true
    ),

    large as (
        insert into postbell.fanout (notification_id, tenant_id, priority, list_length, audience)
        select distinct on ((notification).id)
            (notification).id, (notification).tenant_id, (notification).priority,
            coalesce(jsonb_array_length((notification).audience -> 'recipients'), 0), (notification).audience - 'recipients'
        from addressed
        where audience_size > v_small
        order by (notification).id
    )

    select array_agg(postbell.candidate_of(notification, recipient_id) order by (notification).id, recipient_id)
    into v_candidates
    from addressed
    where audience_size <= v_small;

    perform postbell.deliver(v_candidates, is_bulk => false);
end
$$;

comment on function postbell.tell(bigint[]) is
    'Resolves the audience of accepted events: one person or a few now, many in turns, scheduled ones when they are due.';
