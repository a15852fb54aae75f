create or replace function postbell.audience_fault(audience jsonb) returns text
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

comment on function postbell.audience_fault(jsonb) is 'What is wrong with an audience; null if nothing.';
