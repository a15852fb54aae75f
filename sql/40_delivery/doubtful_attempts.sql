create or replace function postbell.doubtful_attempts(delivery_ids bigint[])
returns table (delivery_id bigint, provider text)
language sql stable security definer
set search_path = ''
as $$
    select distinct on (a.delivery_id)
        a.delivery_id,
        a.provider
    from postbell.attempt as a
    where a.delivery_id = any(doubtful_attempts.delivery_ids)
      and a.outcome = 'unknown'
    order by a.delivery_id, a.attempted_at desc
$$;

comment on function postbell.doubtful_attempts(bigint[]) is
    'Which of the deliveries may have been sent already, and by which provider: no other may try, or there could be two.';
