create or replace function postbell.current_tenant() returns text
language sql stable parallel safe
return nullif(current_setting('postbell.tenant', true), '');

comment on function postbell.current_tenant() is 'The tenant whose rows this session may read: set postbell.tenant.';
