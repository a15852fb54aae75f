create or replace function postbell_private.require_template_path(path text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_files constant text[] := '{message.json,email.html,sms.txt,chat.txt,email.subject.txt,email.txt,in_app.json,push.json,sse.json}';
    v_file constant text := substring(path from '[^/]*$');
begin
    if v_file = 'event.toml' then
        perform postbell.raise_error('invalid_argument', 'event.toml is no text: postbell.register_event() declares an event');
    elsif path ~ '^(layouts|partials)/' then
        if path !~ '\.(html|txt)$' then
            perform postbell.raise_error('invalid_argument', path || ' cannot be taken in: a layout or partial is an .html or .txt file');
        end if;
    elsif coalesce(path, '') !~ '/.+/' then
        perform postbell.raise_error('invalid_argument', coalesce(path, 'null') || ' is no template: say order/paid/email.txt, or layouts/email.html');
    elsif v_file <> all(v_files || 'sample.json'::text) then
        perform postbell.raise_error(
            'invalid_argument',
            'no channel has a file ' || v_file || '; there are ' || array_to_string(v_files, ', ') || ', and sample.json'
        );
    end if;
end
$$;

comment on function postbell_private.require_template_path(text) is 'Raises invalid_argument unless a path can be that of a template.';


create or replace view postbell.texts as
select
    newest.tenant_id,
    newest.path,
    newest.version,
    newest.content,
    newest.note,
    newest.created_at,
    newest.created_by,
    found.fault,
    found.instead,
    found.found_at
from (
    select distinct on (tenant_id, path) *
    from postbell.text_version
    order by tenant_id asc, path asc, version desc
) as newest
left join postbell.text_fault as found on found.text_id = newest.id
where newest.content is not null;

comment on view postbell.texts is
    'The template overrides in use, of each tenant and (null) of everybody, with the faults that dispatchers found. Former versions and removed overrides are in postbell.text_version.';
comment on column postbell.texts.fault is 'Why dispatchers do not use this text, or could not use it for some message.';
comment on column postbell.texts.instead is 'What dispatchers use instead.';


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
        perform postbell_private.require_tenant(set_text.tenant_id);
    end if;
    perform postbell_private.require_template_path(set_text.path);

    -- Serializes writers, so that the highest visible id is the newest.
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
    'Overrides a template file with a text, for a tenant or (null) for everybody, and returns its version. A null content removes the override. The text is not validated here; `postbell text set` renders it first. Dispatchers use it within seconds.';


create or replace function postbell.roll_back_text(path text, tenant_id text default null, to_version integer default null)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_newest integer;
    v_version integer;
    v_content text;
begin
    -- Serializes writers, as in set_text().
    lock table postbell.text_version in share row exclusive mode;

    select max(version) into v_newest
    from postbell.text_version
    where path = roll_back_text.path
      and tenant_id is not distinct from roll_back_text.tenant_id;
    if v_newest is null then
        perform postbell.raise_error(
            'invalid_argument',
            format('there is no text %s of %s', coalesce(roll_back_text.path, 'null'), coalesce('tenant ' || roll_back_text.tenant_id, 'everybody'))
        );
    end if;

    v_version := coalesce(roll_back_text.to_version, v_newest - 1);
    -- Version 0 is the file.
    if v_version <> 0 then
        select content into v_content
        from postbell.text_version
        where path = roll_back_text.path
          and tenant_id is not distinct from roll_back_text.tenant_id
          and version = v_version;
        if not found then
            perform postbell.raise_error(
                'invalid_argument', format('%s has no version %s; it has 0, the file, to %s', roll_back_text.path, v_version, v_newest)
            );
        end if;
    end if;

    insert into postbell.text_version (tenant_id, path, version, content, note)
    values (roll_back_text.tenant_id, roll_back_text.path, v_newest + 1, v_content, 'back to version ' || v_version);
    return v_newest + 1;
end
$$;

comment on function postbell.roll_back_text(text, text, integer) is
    'Restores an earlier version of a template override, and returns its new number. Without a version, it restores the one before the newest. Version 0 is the shipped file.';


create or replace function postbell_private.text_stamp(tenant_id text) returns text
language sql stable
as $$
    -- With the time, because after a failover another text may get the same id. With the event types, because an override
    -- may be for an event without a folder. That costs nothing where there are no overrides.
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

comment on function postbell_private.text_stamp(text) is
    'Returns a stamp of the template overrides that apply to a tenant; null if there are none. It changes with each new override and registered event, so that dispatchers know when to read them again.';


create or replace function postbell.texts_of(tenant_id text)
returns table (id bigint, tenant_id text, path text, version integer, content text)
language sql stable
as $$
    select distinct on (kept.path, kept.tenant_id) kept.id, kept.tenant_id, kept.path, kept.version, kept.content
    from postbell.text_version as kept
    where kept.tenant_id is null
       or kept.tenant_id = texts_of.tenant_id
    order by kept.path, kept.tenant_id nulls last, kept.version desc
$$;

comment on function postbell.texts_of(text) is
    'Returns the newest version of the template overrides that a tenant''s messages may use: of each path the tenant''s own, then everybody''s. A content is null where the override was removed.';


create or replace function postbell_private.report_texts(faults jsonb default '[]', good bigint[] default '{}', template_sets jsonb default '[]')
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- Several dispatchers may report the same at the same time.
    insert into postbell.text_fault as known (text_id, fault, instead)
    select said.text_id, left(said.fault, 1000), said.instead
    from jsonb_to_recordset(faults) as said (text_id bigint, fault text, instead text)
    where exists (select from postbell.text_version where id = said.text_id)
    order by said.text_id
    on conflict (text_id) do update set
        fault = excluded.fault,
        instead = excluded.instead,
        found_at = excluded.found_at
    where (known.fault, known.instead) <> (excluded.fault, excluded.instead);

    delete from postbell.text_fault
    where text_id = any(good);

    insert into postbell.template_set (version, event, text_ids)
    select said.version, said.event, array(select jsonb_array_elements_text(said.text_ids)::bigint)
    from jsonb_to_recordset(template_sets) as said (version text, event text, text_ids jsonb)
    order by said.version
    on conflict (version) do nothing;
end
$$;

comment on function postbell_private.report_texts(jsonb, bigint[], jsonb) is
    'Records what a dispatcher reports about template overrides. faults: those that it cannot use, [{"text_id": 3, "fault": "…", "instead": "the file"}]. good: those that it can use. template_sets: the resulting versions of events, [{"version": "…", "event": "order.paid", "text_ids": [3]}].';


create or replace function postbell.texts_used(delivery_id bigint)
returns table (tenant_id text, path text, version integer, content text)
language sql stable
as $$
    select kept.tenant_id, kept.path, kept.version, kept.content
    from postbell.delivery as sent
    join postbell.template_set as made on made.version = split_part(sent.template_version, '.', 1)
    join postbell.text_version as kept on kept.id = any(made.text_ids)
    where sent.id = texts_used.delivery_id
    order by kept.path
$$;

comment on function postbell.texts_used(bigint) is
    'Returns the template overrides that a delivery was rendered from; no row if it was rendered from files alone.';


create or replace function postbell.check_templates()
returns table (event text, channel postbell.channel_name, reason text, deliveries bigint, since timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select d.event, d.channel, d.reason, count(*), min(d.created_at)
    from postbell.waiting_delivery as w
    join postbell.delivery as d on d.id = w.delivery_id
    where d.reason in ('template_missing', 'template_outdated')
    group by d.event, d.channel, d.reason
    order by 4 desc, 1, 2
$$;

comment on function postbell.check_templates() is
    'Lists events whose deliveries wait because dispatchers do not have their template, or have another version than was deployed, and how many wait.';


create or replace function postbell_private.announce_templates(are_deployed boolean) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_announced boolean;
    v_elsewhere boolean;
begin
    select coalesce(bool_or(pid = pg_backend_pid()), false), coalesce(bool_or(pid <> pg_backend_pid()), false)
    into v_is_announced, v_elsewhere
    from pg_locks
    where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())
      and (classid, objid, objsubid, granted) = (1886351214, 6, 2, true);

    if announce_templates.are_deployed and not v_is_announced then
        perform pg_advisory_lock_shared(1886351214, 6);
        perform pg_notify('postbell_templates', '');
    elsif v_is_announced and not announce_templates.are_deployed then
        perform pg_advisory_unlock_shared(1886351214, 6);
    end if;
    return v_elsewhere;
end
$$;

comment on function postbell_private.announce_templates(boolean) is
    'Says whether the process of this session has the deployed templates, until the session ends. Returns whether another process has said so. Those that have not are notified.';
