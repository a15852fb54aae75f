create or replace function postbell.let_go(people postbell.mirrored[]) returns void
language sql
as $$
    with gone as materialized (
        select distinct tenant_id, id
        from unnest(people)
    ),

    without_role as (
        delete from postbell.recipient_role as held
        using gone
        where held.tenant_id = gone.tenant_id
          and held.recipient_id = gone.id
    ),

    without_device as (
        delete from postbell.push_subscription as device
        using gone
        where device.tenant_id = gone.tenant_id
          and device.recipient_id = gone.id
    )

    update postbell.recipient as person
    set email = null, phone = null, attributes = '{}', updated_at = postbell.clock(), erased_at = postbell.clock()
    from gone
    where person.tenant_id = gone.tenant_id
      and person.id = gone.id
      and person.erased_at is null
$$;

comment on function postbell.let_go is 'Marks recipients as erased whose users are gone: nothing is sent to them any more, and addresses, devices, roles and attributes are deleted. What was delivered stays in the log.';
