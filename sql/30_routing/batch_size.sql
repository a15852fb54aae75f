create or replace function postbell.batch_size(channel text) returns integer
language sql immutable parallel safe
-- The inbox is one statement for the whole batch; a provider is called for each, so smaller shares spread better.
return case when channel = 'in_app' then 250 else 50 end;

comment on function postbell.batch_size(text) is 'The most deliveries that one queue job carries.';
