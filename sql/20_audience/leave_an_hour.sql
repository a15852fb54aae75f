create or replace function postbell.leave_an_hour() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_channel text;
begin
    select named.channel into v_channel
    from (
        select q.tenant_id, q.recipient_id, held.channel
        from postbell.quiet_hours as q
        cross join lateral unnest(q.channels) as held (channel)
        where (q.tenant_id, q.recipient_id) in (select tenant_id, recipient_id from changed)
        group by q.tenant_id, q.recipient_id, held.channel
        -- Nearly always little enough, whether they overlap or not: an import of many people looks no closer.
        having sum(case when q.ends > q.starts then q.ends - q.starts else interval '24 hours' - (q.starts - q.ends) end)
            > interval '167 hours'
        -- Lest the closer look be taken first.
        offset 0
    ) as named
    where postbell.reachable_time(named.tenant_id, named.recipient_id, named.channel) < interval '1 hour'
    order by named.channel
    limit 1;
    if found then
        perform postbell.raise_error(
            'invalid_quiet_hours', 'for ' || v_channel || ', all of them together leave less than an hour a week'
        );
    end if;
    return null;
end
$$;

comment on function postbell.leave_an_hour() is
    'Refuses quiet hours that leave a channel less than an hour a week: what waits would wait for ever. Switching the channel off says that better.';

create or replace trigger leave_an_hour_after_insert
after insert on postbell.quiet_hours
referencing new table as changed
for each statement
execute function postbell.leave_an_hour();

comment on trigger leave_an_hour_after_insert on postbell.quiet_hours is 'New quiet hours leave an hour a week.';

create or replace trigger leave_an_hour_after_update
after update on postbell.quiet_hours
referencing new table as changed
for each statement
execute function postbell.leave_an_hour();

comment on trigger leave_an_hour_after_update on postbell.quiet_hours is 'Changed quiet hours leave an hour a week.';
