create or replace function postbell.notices_of(provider text, receipts jsonb) returns postbell.notice[]
language sql stable
as $$
    with given as (
        select distinct on (event_id) *
        from jsonb_populate_recordset(null::postbell.notice, notices_of.receipts)
        order by event_id
    )

    select array_agg(
        row(
            given.event_id, coalesce(given.delivery_id, tried.delivery_id), given.message_id, given.kind,
            least(given.occurred_at, clock_timestamp()), given.code, given.reason, given.detail,
            given.blame, given.addresses, given.identity
        )::postbell.notice
        order by given.event_id
    )
    from given
    left join lateral (
        select delivery_id
        from postbell.attempt
        where provider_message_id = given.message_id
          and provider_message_id not like '<%'
          and provider = notices_of.provider
        order by attempted_at desc
        limit 1
    ) as tried on given.delivery_id is null
$$;

comment on function postbell.notices_of(text, jsonb) is
    'What a provider told, each event once, with the delivery it is about: the one it names, else the one whose message it names.';
