create or replace function postbell.release_due(most integer default 500) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_scheduled bigint[];
    v_waiting bigint[];
    v_fault record;
begin
    with due as (
        delete from postbell.scheduled_notification
        where notification_id in (
            select notification_id
            from postbell.scheduled_notification
            where due_at <= postbell.clock()
            order by due_at
            limit most
            for update skip locked
        )
        returning notification_id
    )
    select array_agg(notification_id order by notification_id) into v_scheduled from due;

    with due as (
        delete from postbell.waiting_delivery
        where delivery_id in (
            select w.delivery_id
            from postbell.waiting_delivery as w
            join postbell.delivery as d on d.id = w.delivery_id
            where w.due_at <= postbell.clock()
            order by w.due_at
            limit most
            -- A receipt locks the delivery first, and then what waits: one of us two would have to give way.
            for update skip locked
        )
        returning delivery_id
    )
    select array_agg(delivery_id order by delivery_id) into v_waiting from due;

    for v_fault in
        select v_scheduled[place] as id, code, message
        from postbell.isolate('postbell.tell($1)', v_scheduled)
    loop
        perform postbell.reject(v_fault.id, null, v_fault.code, v_fault.message);
    end loop;

    for v_fault in
        select v_waiting[place] as id, code, message
        from postbell.isolate('postbell.decide_again($1)', v_waiting)
    loop
        perform postbell.give_up(v_fault.id, v_fault.code, v_fault.message);
    end loop;
    return coalesce(cardinality(v_scheduled), 0) + coalesce(cardinality(v_waiting), 0);
end
$$;

comment on function postbell.release_due(integer) is
    'Takes up what waited and is now due: scheduled events, quiet hours that ended, retries. One whose content makes that fail is rejected, or becomes a dead letter. Returns how many were due.';
