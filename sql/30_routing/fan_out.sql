create or replace function postbell.fan_out(most integer default 1000) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- So many batches of large audiences may wait in the queue; the rest waits here, where it is in nobody's way.
    v_queue_limit constant integer := 20;
    v_fanout postbell.fanout;
    v_notification postbell.notification;
    v_is_listed boolean;
    v_members text[];
    v_candidates postbell.candidate[];
begin
    if not exists (select from postbell.fanout) then
        return 0;
    end if;
    if (select count(*) from postbell.batch where is_bulk) >= v_queue_limit then
        return null;
    end if;

    -- Critical first, then the tenant that waited longest for its turn, then first come.
    select f.* into v_fanout
    from postbell.fanout as f
    left join postbell.fanout_turn as turn on turn.tenant_id = f.tenant_id
    order by f.priority = 'critical' desc, turn.served_at nulls first, f.notification_id
    limit 1
    for update of f skip locked;
    if not found then
        return null;
    end if;

    select * into strict v_notification
    from postbell.notification
    where id = v_fanout.notification_id;

    if (select is_cancelled from postbell.is_cancelled(
        v_notification.id, v_notification.tenant_id, v_notification.subject, v_notification.xid, v_notification.created_at
    )) then
        delete from postbell.fanout where notification_id = v_fanout.notification_id;
        return 1;
    end if;

    begin
        v_is_listed := postbell.list_members(v_fanout);
        if v_is_listed then
            -- Without the list: it may be long, and is named with every person below.
            v_notification.audience := v_fanout.audience;
            v_members := array(
                select recipient_id
                from postbell.members_of(
                    v_notification.tenant_id, v_notification.recipient, v_notification.audience,
                    v_fanout.after_recipient, most, v_notification.id
                )
            );
            v_candidates := array(
                select postbell.candidate_of(v_notification, member)
                from unnest(v_members) as member
            );
        end if;
    exception
        when others then
            if not postbell.is_content_error(sqlstate) then
                raise;
            end if;
            perform postbell.reject(v_notification.id, null, sqlstate, sqlerrm);
            v_is_listed := true;
            v_members := '{}';
            v_candidates := '{}';
    end;
    perform postbell.deliver(v_candidates, is_bulk => true);

    if v_is_listed and cardinality(v_members) < most then
        delete from postbell.fanout where notification_id = v_fanout.notification_id;
    elsif v_is_listed then
        update postbell.fanout set
            after_recipient = v_members[most],
            reached = reached + most
        where notification_id = v_fanout.notification_id;
        delete from postbell.fanout_member
        where notification_id = v_fanout.notification_id
          and recipient_id <= v_members[most];
    end if;

    insert into postbell.fanout_turn (tenant_id, served_at)
    values (v_fanout.tenant_id, clock_timestamp())
    on conflict (tenant_id) do update set served_at = excluded.served_at;

    return greatest(cardinality(v_members), 1);
end
$$;

comment on function postbell.fan_out(integer) is
    'Takes the next step with one large audience: takes some of an explicit list out of the event, or tells the next people. Returns how many it decided about, 1 at least; 0: none is left, null: the queue is full, ask again soon.';
