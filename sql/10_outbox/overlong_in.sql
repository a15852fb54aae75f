create or replace function postbell.overlong_in(audience jsonb) returns text
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

comment on function postbell.overlong_in(jsonb) is 'Which name in an audience is longer than 255 characters; null if none is.';
