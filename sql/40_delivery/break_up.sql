create or replace function postbell.break_up(batch postbell.batch) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    v_delivery_id bigint;
begin
    if cardinality((batch).delivery_ids) = 1 then
        perform postbell.fail_deliveries(
            (batch).id, (batch).claim_token, (batch).delivery_ids,
            array['the dispatcher ended ' || (batch).claims - 1 || ' times while it had this in hand']
        );
    else
        foreach v_delivery_id in array (batch).delivery_ids loop
            perform postbell.enqueue(array[v_delivery_id], (batch).is_bulk);
        end loop;
    end if;

    -- By its full name: alone, it would be the row of the table, and every batch its own match.
    delete from postbell.batch where id = (break_up.batch).id;
end
$$;

comment on function postbell.break_up(postbell.batch) is 'Puts each delivery of a batch into a batch of its own; one that is alone already is given up.';
