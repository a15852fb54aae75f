create or replace function postbell.suppressed_until(blame text) returns timestamptz
language sql stable
return case
    when blame in ('hard', 'stop') then 'infinity'
    when blame = 'soft' then postbell.clock() + interval '3 days'
end;

comment on function postbell.suppressed_until(text) is
    'How long an address is left in peace: for good if it is bad (hard) or its owner said so (stop), for days in doubt (soft), not at all otherwise.';
