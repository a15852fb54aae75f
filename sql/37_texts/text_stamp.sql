create or replace function postbell.text_stamp(tenant_id text) returns text
language sql stable
as $$
    select case
        -- With its time: a failover may lose a text, and give its id to the next one. And a text may be for an event that
        -- is declared nowhere but here. Where there are none, nothing is paid for that.
        when max(id) is not null then max(id) || ' ' || extract(epoch from max(created_at)) || ' ' || (
            select md5(string_agg(key || ' ' || registered_at, ',' order by key))
            from postbell.event_type
        )
    end
    from postbell.text_version
    where tenant_id is null
       or tenant_id = text_stamp.tenant_id
$$;

comment on function postbell.text_stamp(text) is
    'Another one whenever there is a new text for a tenant or for everybody, or an event was registered; null where there are no texts. By it dispatchers see that they have to read them again.';
