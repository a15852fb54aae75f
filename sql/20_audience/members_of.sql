create or replace function postbell.members_of(
    tenant_id text, recipient text, audience jsonb, after text, most integer, fanout_id bigint default null
)
returns table (recipient_id text)
language sql stable
as $$
    select distinct member.id collate "C"
    from (
        select members_of.recipient as id

        union all
        select jsonb_array_elements_text(members_of.audience -> 'recipients')
        where members_of.fanout_id is null

        union all
        (
            select listed.recipient_id
            from postbell.fanout_member as listed
            where listed.notification_id = members_of.fanout_id
              and listed.recipient_id > members_of.after collate "C"
            order by listed.recipient_id
            limit members_of.most
        )

        union all
        (
            select held.recipient_id
            from postbell.recipient_role as held
            where held.tenant_id = members_of.tenant_id
              and held.role = members_of.audience ->> 'role'
              and held.recipient_id > members_of.after collate "C"
            order by held.recipient_id
            limit members_of.most
        )

        union all
        (
            select followed.recipient_id
            from postbell.topic_member as followed
            where followed.tenant_id = members_of.tenant_id
              and followed.topic = members_of.audience ->> 'topic'
              and followed.recipient_id > members_of.after collate "C"
            order by followed.recipient_id
            limit members_of.most
        )

        union all
        (
            select person.id
            from postbell.recipient as person
            where members_of.audience -> 'everyone' = 'true'
              and person.tenant_id = members_of.tenant_id
              and person.erased_at is null
              and person.id > members_of.after collate "C"
            order by person.id
            limit members_of.most
        )
    ) as member
    where member.id collate "C" > members_of.after
    order by 1
    limit members_of.most
$$;

comment on function postbell.members_of(text, text, jsonb, text, integer, bigint) is
    'Who an event addresses, in order of id: the next so many after the given id. An explicit list is read from the event, or where it was put for a large audience, whose id is given then.';
