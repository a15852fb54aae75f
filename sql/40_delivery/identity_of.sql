create or replace function postbell.identity_of(delivery postbell.delivery) returns text
language sql stable parallel safe
as $$
    select left(encode(sha256(convert_to(json_build_array(
        (delivery).tenant_id,
        (delivery).notification_id,
        (delivery).recipient_id,
        (delivery).channel,
        extract(epoch from (delivery).created_at)
    )::text, 'UTF8')), 'hex'), 32)
$$;

comment on function postbell.identity_of(postbell.delivery) is
    'A delivery by what it is: 32 hexadecimal digits, the same whenever its event is routed, and in no other database. Its id is a number that a crash may undo and give to another.';
