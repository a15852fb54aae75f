create or replace function postbell.take_notices(provider text, notices postbell.notice[])
returns table (event_id text, verdict text)
language plpgsql
as $$
#variable_conflict use_column
declare
    v_verdicts jsonb;
    v_taken postbell.notice[];
begin
    -- In one order everywhere. Whoever writes down the sending is done by then, or comes after us.
    perform
    from postbell.delivery
    where id in (select delivery_id from unnest(notices))
    order by id
    for update;

    with judged as materialized (
        select *
        from postbell.judge_notices(take_notices.provider, notices)
    ),

    taken as (
        insert into postbell.receipt (
            provider, provider_event_id, delivery_id, tenant_id, provider_message_id,
            kind, code, reason, detail, occurred_at
        )
        select
            take_notices.provider, (notice).event_id, (notice).delivery_id, tenant_id, (notice).message_id,
            (notice).kind, left((notice).code, 100), left((notice).reason, 1000), coalesce((notice).detail, '{}'),
            coalesce((notice).occurred_at, clock_timestamp())
        from judged
        where verdict = 'taken'
        on conflict (provider, provider_event_id) do nothing
        returning provider_event_id
    )

    select
        jsonb_object_agg((notice).event_id, verdict),
        array_agg(notice) filter (where (notice).event_id in (select provider_event_id from taken))
    into v_verdicts, v_taken
    from judged;

    if v_taken is not null then
        perform postbell.follow_receipts(array(select distinct delivery_id from unnest(v_taken)));
        perform postbell.bar_addresses(v_taken);
    end if;

    return query
    select said.key, said.value
    from jsonb_each_text(coalesce(v_verdicts, '{}')) as said
    order by said.key;
end
$$;

comment on function postbell.take_notices(text, postbell.notice[]) is
    'Judges what a provider told, and takes what is believed. What comes too early (kept) is left to the caller.';
