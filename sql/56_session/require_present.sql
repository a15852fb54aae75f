create or replace function postbell.require_present(tenant_id text, recipient text) returns void
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select
        from postbell.recipient
        where tenant_id = require_present.tenant_id
          and id = require_present.recipient
          and erased_at is null
    ) then
        perform postbell.raise_error('unknown_recipient',
            format('%s of tenant %s', coalesce(require_present.recipient, 'null'), coalesce(require_present.tenant_id, 'null')));
    end if;
end
$$;

comment on function postbell.require_present(text, text) is 'Raises unknown_recipient unless the person exists and is not erased.';
