create or replace function postbell.release_due(most integer default 500) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_scheduled bigint[];
    v_waiting bigint[];
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

    if v_scheduled is not null then
        perform postbell.tell(v_scheduled);
    end if;
    if v_waiting is not null then
        perform postbell.decide_again(v_waiting);
    end if;
    return coalesce(cardinality(v_scheduled), 0) + coalesce(cardinality(v_waiting), 0);
end
$$;

comment on function postbell.release_due(integer) is
    'Takes up what waited and is now due: scheduled events, quiet hours that ended, retries. Returns how many.';
