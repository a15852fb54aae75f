create or replace function postbell.settle_unknown(most integer default 1000) returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
    v_given_up integer;
begin
    with due as (
        delete from postbell.unknown_delivery
        where delivery_id in (
            select delivery_id
            from postbell.unknown_delivery
            where due_at <= postbell.clock()
            order by due_at
            limit most
            for update skip locked
        )
        returning delivery_id
    ),

    given_up as (
        update postbell.delivery as d set
            state = 'failed',
            reason = 'never_reported'
        from due
        where d.id = due.delivery_id
          -- The provider has told about the others meanwhile.
          and d.state = 'unknown'
        returning d.id
    ),

    dead as (
        insert into postbell.dead_letter (delivery_id)
        select id
        from given_up
        on conflict (delivery_id) do nothing
    )

    select count(*) into v_given_up
    from given_up;
    return v_given_up;
end
$$;

comment on function postbell.settle_unknown(integer) is
    'Gives up deliveries of which nobody knows whether they were sent, once their provider has been silent for long enough: they become dead letters. Never sends one again by itself. Returns how many.';
