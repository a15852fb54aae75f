create or replace function postbell.give_up(delivery_id bigint, code text, message text) returns void
language sql
as $$
    with failed as (
        update postbell.delivery as d set
            -- What has reached one device of a person is sent, whatever becomes of the others.
            state = case when d.sent_at is null then 'failed' else 'sent' end,
            reason = left(give_up.code || ': ' || give_up.message, 1000)
        where d.id = give_up.delivery_id
          and d.state in ('queued', 'waiting', 'sending')
        returning d.id, d.state, d.reason
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select id, 'given_up', reason
        from failed
    )

    insert into postbell.dead_letter (delivery_id)
    select id
    from failed
    where state = 'failed'
    on conflict (delivery_id) do nothing
$$;

comment on function postbell.give_up(bigint, text, text) is
    'Makes a dead letter of a delivery that could not be taken further because of its content, with the SQLSTATE and the message.';
