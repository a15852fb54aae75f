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
    -- As set_text() does: nobody else comes in between.
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
    -- Before the first there was the file.
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
    'Makes an earlier version of a text the newest again, and returns its new number. Without a version: the one before the newest. Version 0 is the shipped file.';
