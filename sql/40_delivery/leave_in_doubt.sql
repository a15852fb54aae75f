create or replace function postbell.leave_in_doubt(delivery_ids bigint[]) returns void
-- Not in SQL, which PostgreSQL plans anew at each call before version 18.
language plpgsql
as $$
#variable_conflict use_column
begin
    -- In one order everywhere. Nearly always there is nothing in flight.
    perform
    from postbell.delivery
    where id = any(leave_in_doubt.delivery_ids)
      and state = 'sending'
    order by id
    for update;
    if not found then
        return;
    end if;

    with doubted as (
        update postbell.delivery as d set
            state = case when d.sent_at is null then 'unknown' else 'sent' end,
            reason = 'the dispatcher ended while the provider was being called'
        where d.id = any(leave_in_doubt.delivery_ids)
          and d.state = 'sending'
        returning d.id, d.channel, d.state, d.provider, d.reason
    ),

    noted as (
        insert into postbell.attempt (delivery_id, outcome, provider, reason)
        select id, 'unknown', coalesce(provider, 'unknown'), reason
        from doubted
    )

    insert into postbell.unknown_delivery (delivery_id, due_at)
    select id, clock_timestamp() + postbell.patience_with(channel)
    from doubted
    where state = 'unknown'
    on conflict (delivery_id) do update set due_at = excluded.due_at;
end
$$;

comment on function postbell.leave_in_doubt(bigint[]) is
    'Settles what was in flight when its dispatcher ended, or was taken for dead: it may have been sent, and so is not sent again. A report settles it, or the end of our patience.';
