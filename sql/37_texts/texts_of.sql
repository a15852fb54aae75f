create or replace function postbell.texts_of(tenant_id text)
returns table (id bigint, tenant_id text, path text, version integer, content text)
language sql stable
as $$
    select aged.id, aged.tenant_id, aged.path, aged.version, aged.content
    from (
        select *, row_number() over (partition by kept.tenant_id, kept.path order by kept.version desc) as age
        from postbell.text_version as kept
        where kept.tenant_id is null
           or kept.tenant_id = texts_of.tenant_id
    ) as aged
    -- Enough to find one that is good.
    where age <= 5
    order by aged.path, aged.tenant_id nulls last, aged.version desc
$$;

comment on function postbell.texts_of(text) is
    'What a tenant''s messages may be made of besides files: of each path the last versions, the tenant''s own first and then everybody''s, newest first.';
