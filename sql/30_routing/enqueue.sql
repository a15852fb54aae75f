create or replace function postbell.enqueue(delivery_ids bigint[], is_bulk boolean, delay interval default '0') returns void
language plpgsql
as $$
declare
    v_fault record;
begin
    if coalesce(cardinality(enqueue.delivery_ids), 0) = 0 then
        return;
    end if;

    for v_fault in
        select enqueue.delivery_ids[place] as delivery_id, code, message
        from postbell.isolate(format('postbell.make_batches($1, %L, %L)', enqueue.is_bulk, enqueue.delay), enqueue.delivery_ids)
    loop
        perform postbell.give_up(v_fault.delivery_id, v_fault.code, v_fault.message);
    end loop;
end
$$;

comment on function postbell.enqueue(bigint[], boolean, interval) is
    'Queues deliveries, in batches. One that cannot be queued because of its content becomes a dead letter.';
