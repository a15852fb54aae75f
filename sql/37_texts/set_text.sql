create or replace function postbell.set_text(path text, content text, tenant_id text default null, note text default null)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_current postbell.text_version;
    v_version integer;
begin
    if set_text.tenant_id is not null then
        perform postbell.require_tenant(set_text.tenant_id);
    end if;
    perform postbell.require_template_path(set_text.path);

    -- One after the other: the highest id that is seen is then the newest there is.
    lock table postbell.text_version in share row exclusive mode;

    select * into v_current
    from postbell.text_version
    where path = set_text.path
      and tenant_id is not distinct from set_text.tenant_id
    order by version desc
    limit 1;
    if v_current.content is null and set_text.content is null then
        perform postbell.raise_error('invalid_argument', 'there is no text ' || set_text.path || ' to take back');
    end if;
    if v_current.content = set_text.content then
        return v_current.version;
    end if;

    insert into postbell.text_version (tenant_id, path, version, content, note)
    values (set_text.tenant_id, set_text.path, coalesce(v_current.version, 0) + 1, set_text.content, set_text.note)
    returning version into v_version;
    return v_version;
end
$$;

comment on function postbell.set_text is
    'Puts a text in the place of a template file, for a tenant or (null) for everybody, and returns its version. The content null takes it back: the shipped file again. It is not checked here: `postbell text set` renders it first. Dispatchers follow within seconds.';
