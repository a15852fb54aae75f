create or replace function postbell.join_topic(recipient text, topic text, tenant_id text default 'default') returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell.require_recipient(join_topic.tenant_id, join_topic.recipient);
    perform postbell.require_identifier('topic', join_topic.topic);

    insert into postbell.topic_member (tenant_id, topic, recipient_id)
    values (join_topic.tenant_id, join_topic.topic, join_topic.recipient)
    on conflict do nothing;
end
$$;

comment on function postbell.join_topic(text, text, text) is 'Makes a person a member of a topic, such as thread:7. Joining twice is joining once.';
