create or replace function postbell.require_recipient(tenant_id text, recipient text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select
        from postbell.recipient
        where tenant_id = require_recipient.tenant_id
          and id = require_recipient.recipient
    ) then
        perform postbell.raise_error('unknown_recipient',
            format('%s of tenant %s', coalesce(require_recipient.recipient, 'null'), coalesce(require_recipient.tenant_id, 'null')));
    end if;
end
$$;

comment on function postbell.require_recipient(text, text) is 'Raises unknown_recipient unless the person exists (and may be seen by this session).';
