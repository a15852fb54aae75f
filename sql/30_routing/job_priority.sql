create or replace function postbell.job_priority(priority text, is_bulk boolean) returns integer
language sql immutable parallel safe
-- A large audience goes behind everybody's single events of any priority but low.
return case priority when 'critical' then 80 when 'high' then 60 when 'normal' then 40 else 20 end
    - case when is_bulk and priority <> 'critical' then 30 else 0 end;

comment on function postbell.job_priority(text, boolean) is 'The queue''s order: higher first.';
