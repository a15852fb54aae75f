create or replace function postbell.list_members(fanout postbell.fanout) returns boolean
language plpgsql
as $$
declare
    -- So many take about as long as a chunk takes to be told: nobody waits for the rest of a longer list.
    v_most constant integer := 10000;
    v_listed constant integer := least((fanout).listed + v_most, (fanout).list_length);
begin
    if (fanout).listed < (fanout).list_length then
        insert into postbell.fanout_member (notification_id, tenant_id, recipient_id)
        select n.id, n.tenant_id, entry #>> '{}'
        from postbell.notification as n
        cross join lateral jsonb_path_query(
            n.audience, 'lax $.recipients[$first to $last]',
            jsonb_build_object('first', (fanout).listed, 'last', v_listed - 1)
        ) as entry
        where n.id = (fanout).notification_id
        on conflict do nothing;

        update postbell.fanout as f set
            listed = v_listed
        where f.notification_id = (list_members.fanout).notification_id;
    end if;
    return v_listed = (fanout).list_length;
end
$$;

comment on function postbell.list_members(postbell.fanout) is
    'Takes the next entries of an event''s explicit list into postbell.fanout_member. Returns whether all of them are there.';
