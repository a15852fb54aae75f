create or replace function postbell.fingerprint_of(event postbell.outbox) returns bytea
language sql immutable
return sha256(convert_to(
    jsonb_build_array((event).event, (event).recipient, (event).audience, coalesce((event).payload, '{}'))::text, 'UTF8'
));

comment on function postbell.fingerprint_of(postbell.outbox) is 'SHA-256 of what an event says and to whom: what an idempotency key stands for.';
