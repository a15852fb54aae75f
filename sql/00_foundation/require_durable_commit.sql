create or replace function postbell.require_durable_commit() returns void
language plpgsql
as $$
begin
    -- Only ever more than the operator chose: remote_write and remote_apply stay.
    if current_setting('synchronous_commit') in ('off', 'local') then
        perform set_config('synchronous_commit', 'on', true);
    end if;
end
$$;

comment on function postbell.require_durable_commit() is
    'Has the transaction wait at its commit until it is on disk, whatever the database''s default: something is about to leave the house, or was answered that nobody will say again.';
