create or replace function postbell_private.find_overlong(audience jsonb) returns text
language sql immutable parallel safe
as $$
    select case when jsonb_typeof(audience) = 'object' then (
        select min(case jsonb_typeof(value)
            when 'string' then case
                when key in ('role', 'topic') and length(value #>> '{}') > 255
                    then key || ' has ' || length(value #>> '{}') || ' characters'
            end
            when 'array' then case
                when key = 'recipients' then (
                    select 'an entry of recipients has ' || max(length(entry)) || ' characters'
                    from jsonb_array_elements_text(value) as entry
                    having max(length(entry)) > 255
                )
            end
        end)
        from jsonb_each(audience)
    ) end
$$;

comment on function postbell_private.find_overlong(jsonb) is 'Describes the name in an audience that is longer than 255 characters; null if there is none.';


create or replace function postbell_private.find_audience_fault(audience jsonb) returns text
language sql immutable parallel safe
as $$
    select case
        when audience is null then null
        when jsonb_typeof(audience) <> 'object' then 'audience is not an object but ' || jsonb_typeof(audience)
        when not audience ?| array['recipients', 'role', 'topic', 'everyone'] then 'audience names nobody'
        else (
            select min(case key
                when 'recipients' then case
                    when jsonb_typeof(value) <> 'array' then 'recipients is not a list'
                    when jsonb_array_length(value) = 0 then 'recipients is empty'
                    when jsonb_path_exists(value, 'strict $[*] ? (@.type() != "string" && @.type() != "number")')
                        then 'recipients has an entry that is neither string nor number'
                    when value @> '[""]' then 'recipients has an empty entry'
                end
                when 'role' then case when jsonb_typeof(value) <> 'string' then 'role is not a string' end
                when 'topic' then case when jsonb_typeof(value) <> 'string' then 'topic is not a string' end
                when 'everyone' then case when value <> 'true' then 'everyone is not true' end
                when 'notify_actor' then case when jsonb_typeof(value) <> 'boolean' then 'notify_actor is not true or false' end
                else 'audience has an unknown key ' || left(key, 50)
            end)
            from jsonb_each(audience)
        )
    end
$$;

comment on function postbell_private.find_audience_fault(jsonb) is 'Describes what is wrong with an audience; null if it is valid.';


create or replace function postbell.is_iso_date(written text) returns boolean
language sql immutable parallel safe
return case
    when written ~ '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' then
        substr(written, 9)::integer <= extract(
            day from make_date(substr(written, 1, 4)::integer, substr(written, 6, 2)::integer, 1) + interval '1 month - 1 day'
        )
    else false
end;

comment on function postbell.is_iso_date(text) is 'Whether a text is an existing date in ISO 8601 format, such as 2026-03-01.';


create or replace function postbell.is_of_type(value jsonb, type text) returns boolean
language sql immutable parallel safe
-- dispatcher/rendering/payload.py has the same rules for previews.
return case type
    when 'text' then jsonb_typeof(value) = 'string'
    when 'id' then jsonb_typeof(value) = 'string' or jsonb_typeof(value) = 'number' and value #>> '{}' ~ '^-?[0-9]+$'
    when 'amount' then jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^-?[0-9]{1,18}(\.[0-9]{1,9})?$'
    when 'integer' then jsonb_typeof(value) = 'number' and value #>> '{}' ~ '^-?[0-9]{1,18}$'
    when 'number' then jsonb_typeof(value) = 'number'
    when 'boolean' then jsonb_typeof(value) = 'boolean'
    when 'date' then jsonb_typeof(value) = 'string' and postbell.is_iso_date(value #>> '{}')
    when 'timestamp' then jsonb_typeof(value) = 'string'
        and value #>> '{}' ~ '^.{10}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?)?$'
        and postbell.is_iso_date(left(value #>> '{}', 10))
    when 'url' then jsonb_typeof(value) = 'string'
        and value #>> '{}' ~ '^https?://([^\x01-\x20\x7f/?#@:\\\[\]]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][^\x01-\x20\x7f]*)?$'
    when 'list' then jsonb_typeof(value) = 'array'
    when 'object' then jsonb_typeof(value) = 'object'
    else false
end;

comment on function postbell.is_of_type(jsonb, text) is
    'Whether a payload value is of a type: text, id, amount (a decimal string), integer, number, boolean, date, timestamp (ISO 8601), url (absolute, http or https, without user information), list or object.';


create or replace function postbell_private.describe_type(type text) returns text
language sql immutable parallel safe
return case type
    when 'text' then 'a string'
    when 'id' then 'a string or a whole number'
    when 'amount' then 'a decimal string such as ''19.90'''
    when 'integer' then 'a whole number of up to 18 digits'
    when 'number' then 'a number'
    when 'boolean' then 'true or false'
    when 'date' then 'a string such as ''2026-03-01'''
    when 'timestamp' then 'a string such as ''2026-03-01T09:00:00Z'''
    when 'url' then 'an absolute https:// or http:// address'
    when 'list' then 'a list'
    when 'object' then 'an object'
    else 'of a type that is known'
end;

comment on function postbell_private.describe_type(text) is 'Describes the values of a payload type for an error message; see postbell.is_of_type().';


create or replace function postbell_private.find_payload_fault(payload jsonb, fields jsonb)
returns table (fault text)
language sql immutable parallel safe
as $$
    select case
        when jsonb_typeof(payload) <> 'object' then 'payload is not an object but ' || jsonb_typeof(payload)
        else (
            select case
                when coalesce(payload -> field.name, 'null') = 'null' then field.name || ' is missing'
                else field.name || ' is not of type ' || (field.declared ->> 'type')
                    || ': it has to be ' || postbell_private.describe_type(field.declared ->> 'type')
            end
            from jsonb_each(fields) as field (name, declared)
            where case
                -- A null counts as absent: drivers write it for an optional field without a value.
                when coalesce(payload -> field.name, 'null') = 'null' then (field.declared -> 'required')::boolean
                else not postbell.is_of_type(payload -> field.name, field.declared ->> 'type')
            end
            limit 1
        )
    end
$$;

comment on function postbell_private.find_payload_fault(jsonb, jsonb) is
    'Describes what is wrong with a payload, given the declared fields of its event; null if it is valid. Extra fields are allowed. Returns a table, so that PostgreSQL inlines it.';


create or replace function postbell_private.compile_type(value text, type text) returns text
language sql stable parallel safe
return case
    -- Only the text of a number tells 1 from 1.0, and jsonpath converts a number to text from version 17 on.
    when type = 'id' and current_setting('server_version_num')::integer >= 170000 then
        format('%1$s.type() == "string" || %1$s.type() == "number" && %1$s.string() like_regex "^-?[0-9]+$"', value)
    when type in ('text', 'id') then format('%s.type() == "string"', value)
    when type = 'amount' then format('%1$s.type() == "string" && %1$s like_regex "^-?[0-9]{1,18}(\\.[0-9]{1,9})?$"', value)
    when type in ('number', 'boolean', 'object') then format('%s.type() == "%s"', value, type)
    when type = 'list' then format('%s.type() == "array"', value)
end;

comment on function postbell_private.compile_type(text, text) is
    'Returns a jsonpath predicate that is true only of values of a type; it may be false of some that are. Null for types that a predicate cannot check: see postbell.is_of_type().';


create or replace function postbell_private.compile_payload_check(fields jsonb) returns jsonpath
language sql stable parallel safe
as $$
    select ('$.type() == "object"' || coalesce(string_agg(
        ' && (' || case when (field.declared -> 'required')::boolean then '' else value || '.type() == "null" || !exists(' || value || ') || ' end
            || coalesce(postbell_private.compile_type(value, field.declared ->> 'type'), '1 == 0') || ')',
        '' order by field.name
    ), ''))::jsonpath
    from jsonb_each(fields) as field (name, declared)
    cross join lateral (select '$.' || to_json(field.name)) as path (value)
$$;

comment on function postbell_private.compile_payload_check(jsonb) is
    'Compiles the declared fields of an event into a predicate. It is not true of a payload that postbell_private.find_payload_fault() refuses.';


create or replace function postbell_private.set_payload_check() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    new.payload_check := postbell_private.compile_payload_check(new.fields);
    return new;
end
$$;

comment on function postbell_private.set_payload_check() is 'Compiles the fields of an event type when they are declared.';


create or replace function postbell_private.validate_event(
    tenant_id text, event text, recipient text, payload jsonb, audience jsonb,
    channels text[], forced_channels text[], priority text, subject text, actor text, idempotency_key text,
    deliver_at timestamptz, expires_at timestamptz
) returns table (reason text, detail text)
language sql stable
as $$
    select
        found.reason,
        -- Computed for invalid events only, as most are valid.
        case found.reason
            when 'value_too_long' then coalesce(
                (
                    select name || ' has ' || length(value) || ' characters'
                    from (values
                        ('tenant_id', validate_event.tenant_id), ('recipient', validate_event.recipient), ('subject', validate_event.subject),
                        ('actor', validate_event.actor), ('idempotency_key', validate_event.idempotency_key)
                    ) as identifier (name, value)
                    where length(value) > 255
                    limit 1
                ),
                postbell_private.find_overlong(validate_event.audience)
            )
            when 'unknown_tenant' then coalesce(validate_event.tenant_id, 'null')
            when 'unknown_event' then coalesce(left(validate_event.event, 100), 'null')
            when 'invalid_payload' then (
                select fault from postbell_private.find_payload_fault(coalesce(validate_event.payload, '{}'), found.fields)
            )
            when 'invalid_audience' then coalesce(
                postbell_private.find_audience_fault(validate_event.audience), 'neither recipient nor audience is named'
            )
            when 'invalid_channel' then case
                when array_ndims(validate_event.channels) > 1 or array_ndims(validate_event.forced_channels) > 1 then 'a list of lists'
                else (
                    select coalesce(left(named, 50), 'null')
                    from unnest(validate_event.channels || validate_event.forced_channels) as named
                    where named is null or named not in (select name from postbell.channel)
                    limit 1
                )
            end
            when 'invalid_priority' then left(validate_event.priority, 50)
            when 'invalid_time' then case
                when isfinite(validate_event.deliver_at) is false then 'deliver_at is ' || validate_event.deliver_at::text
                else 'expires_at is not after deliver_at'
            end
            when 'unknown_recipient' then validate_event.recipient
            when 'recipient_erased' then 'nothing is kept of the person'
        end
    from (
        select
            kind.fields,
            case
                when greatest(
                    length(validate_event.tenant_id), length(validate_event.recipient), length(validate_event.subject),
                    length(validate_event.actor), length(validate_event.idempotency_key)
                ) > 255
                    or validate_event.audience is not null and postbell_private.find_overlong(validate_event.audience) is not null
                    then 'value_too_long'
                when t.id is null then 'unknown_tenant'
                when kind.key is null then 'unknown_event'
                when (coalesce(validate_event.payload, '{}') @@ kind.payload_check) is not true
                    and (select fault from postbell_private.find_payload_fault(coalesce(validate_event.payload, '{}'), kind.fields)) is not null
                    then 'invalid_payload'
                when validate_event.audience is null and coalesce(validate_event.recipient, '') = ''
                    or validate_event.audience is not null and postbell_private.find_audience_fault(validate_event.audience) is not null
                    then 'invalid_audience'
                when not validate_event.channels <@ array(select name from postbell.channel)
                    or not validate_event.forced_channels <@ array(select name from postbell.channel)
                    or array_ndims(validate_event.channels) > 1
                    or array_ndims(validate_event.forced_channels) > 1
                    then 'invalid_channel'
                when validate_event.priority not in ('low', 'normal', 'high', 'critical') then 'invalid_priority'
                when not isfinite(validate_event.deliver_at) or validate_event.expires_at <= validate_event.deliver_at then 'invalid_time'
                when validate_event.audience is null and person.id is null then case
                    when postbell_private.is_erased(validate_event.tenant_id, validate_event.recipient) then 'recipient_erased'
                    else 'unknown_recipient'
                end
            end as reason
        from (values (1)) as one (row)
        left join postbell.tenant as t on t.id = validate_event.tenant_id
        left join postbell.event_type as kind on kind.key = validate_event.event
        left join postbell.recipient as person on person.tenant_id = validate_event.tenant_id and person.id = validate_event.recipient
    ) as found
    where found.reason is not null
$$;

comment on function postbell_private.validate_event is
    'Returns the first fault of an event, by its name in postbell.error_codes; no row if the event is valid. The router and strict mode both call it. It takes columns and not a row, because building the row for each reference would cost more than the checks.';


create or replace function postbell_private.validate_strictly() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_fault record;
begin
    select reason, detail into v_fault
    from postbell_private.validate_event(
        tenant_id => new.tenant_id, event => new.event, recipient => new.recipient,
        payload => new.payload, audience => new.audience,
        channels => new.channels, forced_channels => new.forced_channels, priority => new.priority,
        subject => new.subject, actor => new.actor, idempotency_key => new.idempotency_key,
        deliver_at => new.deliver_at, expires_at => new.expires_at
    );
    if found then
        perform postbell.raise_error(v_fault.reason, v_fault.detail);
    end if;
    return null;
end
$$;

comment on function postbell_private.validate_strictly() is 'Raises an error at the INSERT of an event that the router would reject.';


create or replace trigger validate_strictly
after insert on postbell.outbox
for each row
when (current_setting('postbell.strict', true) = 'on')
execute function postbell_private.validate_strictly();

comment on trigger validate_strictly on postbell.outbox is 'For development and tests: set postbell.strict = on.';


create or replace trigger set_payload_check
before insert or update of fields on postbell.event_type
for each row
execute function postbell_private.set_payload_check();

comment on trigger set_payload_check on postbell.event_type is 'See postbell_private.set_payload_check().';

-- Compiles the fields of event types that were declared before this trigger existed.
update postbell.event_type set fields = fields where payload_check is null;


create or replace trigger check_channels
before insert or update of default_channels, forced_channels, channels on postbell.event_type
for each row
execute function postbell_private.check_channels('default_channels', 'forced_channels', 'channels');

comment on trigger check_channels on postbell.event_type is 'See postbell_private.check_channels().';
