create or replace function postbell.candidate_of(notification postbell.notification, recipient_id text) returns postbell.candidate
language sql immutable parallel safe
return row(
    (notification).id,
    (notification).tenant_id,
    (notification).event,
    recipient_id,
    (notification).actor,
    ((notification).audience -> 'notify_actor')::boolean,
    (notification).channels,
    (notification).forced_channels,
    (notification).priority,
    (notification).subject,
    (notification).deliver_at,
    (notification).expires_at,
    (notification).created_at
)::postbell.candidate;

comment on function postbell.candidate_of(postbell.notification, text) is 'One recipient of an event, as postbell.decide() takes it.';
