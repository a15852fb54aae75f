create or replace function postbell.text_stamp(tenant_id text) returns text
language sql stable
as $$
    -- With its time: a failover may lose a text, and give its id to the next one. And a text may be for an event that
    -- is declared nowhere but here. Where there are none, nothing is paid for that.
    select newest.id || ' ' || extract(epoch from newest.created_at) || ' ' || (
        select md5(string_agg(key || ' ' || registered_at, ',' order by key))
        from postbell.event_type
    )
    from (
        select id, created_at
        from postbell.text_version
        where tenant_id is null
           or tenant_id = text_stamp.tenant_id
        order by id desc
        limit 1
    ) as newest
$$;

comment on function postbell.text_stamp(text) is
    'Another one whenever there is a new text for a tenant or for everybody, or an event was registered; null where there are no texts. By it dispatchers see that they have to read them again.';
