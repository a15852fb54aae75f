create or replace function postbell.doubtful_attempts(delivery_ids bigint[])
returns table (delivery_id bigint, provider text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select distinct on (doubt.delivery_id)
        doubt.delivery_id,
        doubt.provider
    from (
        select delivery_id, provider, attempted_at
        from postbell.attempt
        where delivery_id = any(doubtful_attempts.delivery_ids)
          and outcome = 'unknown'

        union all

        -- In flight when its dispatcher ended.
        select id, provider, 'infinity'
        from postbell.delivery
        where id = any(doubtful_attempts.delivery_ids)
          and state = 'sending'
          and provider is not null
    ) as doubt
    order by doubt.delivery_id, doubt.attempted_at desc
$$;

comment on function postbell.doubtful_attempts(bigint[]) is
    'Which of the deliveries may have been sent already, and by which provider: no other may try, or there could be two.';
