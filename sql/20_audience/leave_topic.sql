create or replace function postbell.leave_topic(recipient text, topic text, tenant_id text default 'default') returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell.topic_member
    where tenant_id = leave_topic.tenant_id
      and topic = leave_topic.topic
      and recipient_id = leave_topic.recipient;
end
$$;

comment on function postbell.leave_topic(text, text, text) is 'Ends a membership, if there is one.';
