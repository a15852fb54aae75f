create or replace function postbell.requeue(delivery_ids bigint[]) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    perform postbell.enqueue(
        array(
            select id
            from postbell.delivery
            where id = any(requeue.delivery_ids)
              and state in ('queued', 'sending')
        ),
        is_bulk => false,
        delay => interval '1 second'
    );
end
$$;

comment on function postbell.requeue(bigint[]) is
    'Puts what is not settled of a batch that has ended into a new one, for a little later: a row that somebody else held just then, a time-out.';
