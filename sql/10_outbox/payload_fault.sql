create or replace function postbell.payload_fault(payload jsonb, fields jsonb)
returns table (fault text)
language sql immutable parallel safe
as $$
    select case
        when jsonb_typeof(payload) <> 'object' then 'payload is not an object but ' || jsonb_typeof(payload)
        else (
            select case
                when coalesce(payload -> field.name, 'null') = 'null' then field.name || ' is missing'
                else field.name || ' is not of type ' || (field.declared ->> 'type')
                    || ': it has to be ' || postbell.type_in_words(field.declared ->> 'type')
            end
            from jsonb_each(fields) as field (name, declared)
            where case
                -- A null is an absent value: drivers write it for an optional field that they do not have.
                when coalesce(payload -> field.name, 'null') = 'null' then (field.declared -> 'required')::boolean
                else not postbell.is_of_type(payload -> field.name, field.declared ->> 'type')
            end
            limit 1
        )
    end
$$;

comment on function postbell.payload_fault(jsonb, jsonb) is
    'What is wrong with a payload, measured against an event''s declared fields; null if nothing. Extra fields are allowed. A table, so that set-based callers get it inlined.';
