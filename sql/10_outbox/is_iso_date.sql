create or replace function postbell.is_iso_date(written text) returns boolean
language sql immutable parallel safe
return case
    when written ~ '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' then
        substr(written, 9)::integer <= extract(
            day from make_date(substr(written, 1, 4)::integer, substr(written, 6, 2)::integer, 1) + interval '1 month - 1 day'
        )
    else false
end;

comment on function postbell.is_iso_date(text) is 'Whether this is a day of the calendar, written as 2026-03-01 (ISO 8601).';
