create or replace function postbell.is_meant_for(tenant_id text, recipient_id text, roles text[]) returns boolean
language sql stable
as $$
    -- Whose roles we do not know finds everything.
    select cardinality(is_meant_for.roles) = 0 or (
        select coalesce(array_agg(held.role) && is_meant_for.roles, true)
        from postbell.recipient_role as held
        where held.tenant_id = is_meant_for.tenant_id
          and held.recipient_id = is_meant_for.recipient_id
    )
$$;

comment on function postbell.is_meant_for(text, text, text[]) is
    'Whether a page of choices shows a person an event that is meant for these roles; an empty list is for everybody.';
