create or replace function postbell.current_tenant() returns text
language sql stable parallel safe
return nullif(current_setting('postbell.tenant', true), '');

comment on function postbell.current_tenant() is 'Returns the tenant whose rows this session may read, from the setting postbell.tenant.';


create or replace function postbell.current_recipient() returns text
language sql stable parallel safe
return nullif(current_setting('postbell.recipient', true), '');

comment on function postbell.current_recipient() is 'Returns the person whose rows this session may read, from the setting postbell.recipient.';


create or replace function postbell.require_short(name text, value text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if length(value) > 255 then
        perform postbell.raise_error('value_too_long', name || ' has ' || length(value) || ' characters');
    end if;
end
$$;

comment on function postbell.require_short(text, text) is 'Raises value_too_long if the value has more than 255 characters.';


create or replace function postbell.require_identifier(name text, value text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(value, '') = '' then
        perform postbell.raise_error('invalid_argument', name || ' is empty');
    end if;
    perform postbell.require_short(name, value);
end
$$;

comment on function postbell.require_identifier(text, text) is 'Raises invalid_argument if the value is empty or null, and value_too_long if it has more than 255 characters.';


create or replace function postbell_private.require_tenant(tenant_id text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from postbell.tenant where id = require_tenant.tenant_id) then
        perform postbell.raise_error('unknown_tenant', coalesce(require_tenant.tenant_id, 'null'));
    end if;
end
$$;

comment on function postbell_private.require_tenant(text) is 'Raises unknown_tenant unless the tenant exists.';


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

comment on function postbell.require_recipient(text, text) is 'Raises unknown_recipient unless the person exists and this session may see them.';


create or replace function postbell.upsert_recipient(
    id text,
    email text default null,
    phone text default null,
    locale text default null,
    time_zone text default null,
    roles text[] default null,
    attributes jsonb default null,
    tenant_id text default 'default',
    forgive boolean default false,
    chat text default null
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_role text;
begin
    perform postbell_private.require_tenant(upsert_recipient.tenant_id);
    perform postbell.require_identifier('id', upsert_recipient.id);
    perform postbell.require_short('email', upsert_recipient.email);
    perform postbell.require_short('phone', upsert_recipient.phone);
    perform postbell.require_short('locale', upsert_recipient.locale);
    -- The message leaves the address out, because it is a secret.
    if trim(upsert_recipient.chat) !~ '^(https://[!-~]+)?$' or length(trim(upsert_recipient.chat)) > 1000 then
        perform postbell.raise_error('invalid_argument', 'chat is no https:// address of up to 1000 characters');
    end if;
    foreach v_role in array coalesce(upsert_recipient.roles, '{}') loop
        perform postbell.require_identifier('a role', v_role);
    end loop;
    if upsert_recipient.time_zone is not null and not postbell.is_time_zone(upsert_recipient.time_zone) then
        perform postbell.raise_error('invalid_time_zone', upsert_recipient.time_zone);
    end if;

    if upsert_recipient.forgive then
        perform postbell_private.forgive(upsert_recipient.tenant_id, upsert_recipient.id);
    end if;

    insert into postbell.recipient as known (tenant_id, id, email, phone, locale, time_zone, attributes, chat)
    values (
        upsert_recipient.tenant_id, upsert_recipient.id,
        nullif(trim(upsert_recipient.email), ''), nullif(trim(upsert_recipient.phone), ''),
        nullif(upsert_recipient.locale, ''), upsert_recipient.time_zone, coalesce(upsert_recipient.attributes, '{}'),
        nullif(trim(upsert_recipient.chat), '')
    )
    on conflict (tenant_id, id) do update set
        email = coalesce(excluded.email, known.email),
        phone = coalesce(excluded.phone, known.phone),
        locale = coalesce(excluded.locale, known.locale),
        time_zone = coalesce(excluded.time_zone, known.time_zone),
        attributes = coalesce(upsert_recipient.attributes, known.attributes),
        chat = coalesce(excluded.chat, known.chat),
        updated_at = postbell.clock(),
        erased_at = null;
    -- Asked after the INSERT, which waits for a transaction that is erasing the person.
    if postbell_private.is_erased(upsert_recipient.tenant_id, upsert_recipient.id) then
        perform postbell.raise_error('recipient_erased', upsert_recipient.id || ' of tenant ' || upsert_recipient.tenant_id);
    end if;
    perform postbell_private.revive_suppressions(array[upsert_recipient.tenant_id], array[upsert_recipient.id]);

    -- Null leaves the roles as they are; an empty list removes them all.
    if upsert_recipient.roles is not null then
        delete from postbell.recipient_role
        where tenant_id = upsert_recipient.tenant_id
          and recipient_id = upsert_recipient.id
          and role <> all(upsert_recipient.roles);

        insert into postbell.recipient_role (tenant_id, role, recipient_id)
        select upsert_recipient.tenant_id, role, upsert_recipient.id
        from unnest(upsert_recipient.roles) as role
        on conflict do nothing;
    end if;
end
$$;

comment on function postbell.upsert_recipient is 'Creates a recipient or changes the given values; null leaves a value as it is. Raises recipient_erased for a person who was erased, unless forgive is true: then they are back.';


create or replace function postbell_private.normal_phone(phone text) returns text
language sql immutable parallel safe
-- chr(160) is a no-break space.
return translate(phone, ' ().-' || chr(160), '');

comment on function postbell_private.normal_phone(text) is
    'Removes the punctuation of a phone number, so that a suppression covers every way of writing it.';


create or replace function postbell_private.address_of(kind text, tenant_id text, recipient_id text, email text, phone text)
returns table (address text)
language sql stable parallel safe
as $$
    select case kind
        when 'recipient' then recipient_id
        when 'email' then trim(email)
        when 'phone' then postbell_private.normal_phone(phone)
        -- Any device shows that the person has one. Which devices to call is decided when the message is sent.
        when 'device' then (
            select device.recipient_id
            from postbell.push_subscription as device
            where device.tenant_id = address_of.tenant_id
              and device.recipient_id = address_of.recipient_id
            limit 1
        )
        when 'chat' then (
            select person.chat
            from postbell.recipient as person
            where person.tenant_id = address_of.tenant_id
              and person.id = address_of.recipient_id
        )
    end
$$;

comment on function postbell_private.address_of is 'Returns a person''s address of a kind, see postbell.channel.address_kind; null if there is none.';


create or replace function postbell.find_recipients(address text)
returns table (tenant_id text, recipient_id text)
language sql stable security definer rows 10
set search_path = pg_catalog, pg_temp
as $$
    select person.tenant_id, person.id
    from postbell.recipient as person
    where lower(trim(person.email)) = lower(trim(find_recipients.address))

    union

    -- Some applications use the address as the id.
    select person.tenant_id, person.id
    from postbell.tenant
    join postbell.recipient as person on person.tenant_id = tenant.id and person.id = trim(find_recipients.address)

    order by 1, 2
    limit 100
$$;

comment on function postbell.find_recipients(text) is
    'Returns the people who have exactly this e-mail address, in upper or lower case, or this id; at most 100. It shows no addresses, so that support can find somebody who says theirs.';


create or replace function postbell.join_topic(recipient text, topic text, tenant_id text default 'default') returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell.require_recipient(join_topic.tenant_id, join_topic.recipient);
    perform postbell.require_identifier('topic', join_topic.topic);

    insert into postbell.topic_member (tenant_id, topic, recipient_id)
    values (join_topic.tenant_id, join_topic.topic, join_topic.recipient)
    on conflict do nothing;
end
$$;

comment on function postbell.join_topic(text, text, text) is 'Makes a person a member of a topic, such as thread:7. Joining again changes nothing.';


create or replace function postbell.leave_topic(recipient text, topic text, tenant_id text default 'default') returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell.topic_member
    where tenant_id = leave_topic.tenant_id
      and topic = leave_topic.topic
      and recipient_id = leave_topic.recipient;
end
$$;

comment on function postbell.leave_topic(text, text, text) is 'Removes a person from a topic, if they are a member.';


create or replace function postbell_private.members_of(
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
            from postbell_private.fanout_member as listed
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

comment on function postbell_private.members_of(text, text, jsonb, text, integer, bigint) is
    'Returns the next members of an event''s audience after an id, in order of id. An explicit list is read from the event, or from postbell_private.fanout_member if fanout_id is given.';


create or replace trigger check_channels
before insert or update of disabled_channels on postbell.tenant
for each row
execute function postbell_private.check_channels('disabled_channels');

comment on trigger check_channels on postbell.tenant is 'See postbell_private.check_channels().';


create or replace trigger check_channels
before insert or update of default_channels on postbell.tenant_event
for each row
execute function postbell_private.check_channels('default_channels');

comment on trigger check_channels on postbell.tenant_event is 'See postbell_private.check_channels().';
