create or replace function postbell.deliver(candidates postbell.candidate[], is_bulk boolean) returns void
language plpgsql
as $$
declare
    v_fault record;
begin
    -- Called directly first, with a plan that is kept: it is rare that a candidate makes it fail.
    begin
        perform postbell.make_deliveries(deliver.candidates, deliver.is_bulk);
        return;
    exception
        when others then
            if not postbell.is_content_error(sqlstate) then
                raise;
            end if;
    end;

    for v_fault in
        select (deliver.candidates[place]).notification_id, (deliver.candidates[place]).recipient_id, code, message
        from postbell.isolate(format('postbell.make_deliveries($1, %L)', deliver.is_bulk), deliver.candidates)
    loop
        perform postbell.reject(v_fault.notification_id, v_fault.recipient_id, v_fault.code, v_fault.message);
    end loop;
end
$$;

comment on function postbell.deliver(postbell.candidate[], boolean) is
    'Decides about each candidate, writes the decisions down, and queues what is due. A candidate with whom that fails is a rejection of its own.';
