create or replace function postbell.notify_class_message_received(
    thread_id text,
    sender_id text,
    sender_name text,
    message text default null,
    bundle_id text default null,
    bundle_name text default null,
    members text[] default null,
    tenant_id text default 'default',
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'class.message.received', 'thread:' || thread_id,
        members,
        jsonb_build_object(
            'sender_name', postbell.require_value('sender_name', sender_name),
            'bundle_name', bundle_name,
            'message_preview', left(message, 500),
            'thread_id', postbell.require_value('thread_id', thread_id),
            'bundle_id', bundle_id
        ),
        tenant_id, postbell.require_value('sender_id', sender_id), idempotency_key, deliver_at, expires_at,
        case when members is null then jsonb_build_object('topic', 'thread:' || thread_id) end
    )
$$;

comment on function postbell.notify_class_message_received(
    text, text, text, text, text, text, text[], text, text, timestamptz, timestamptz
) is 'class.message.received, to the thread''s members but never the sender. The members are those named, or else whoever joined the topic thread:ID.';

select postbell.add_integer_ids('notify_class_message_received');
