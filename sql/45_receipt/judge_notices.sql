create or replace function postbell.judge_notices(provider text, notices postbell.notice[])
returns table (notice postbell.notice, tenant_id text, verdict text)
language sql stable
as $$
    select
        n,
        d.tenant_id,
        case
            when known.is_repeated then 'repeated'
            when n.delivery_id is null and n.message_id is null then 'names_nothing'
            when n.delivery_id is null then 'kept'
            when d.id is null then 'unknown_delivery'
            -- Who has it in hand writes down in a moment to whom it was given.
            when d.state = 'sending' then 'kept'
            when not known.is_handed_over then 'never_handed_over'
            when known.is_of_another then 'another_message'
            when n.kind in ('opened', 'clicked') and not known.is_tracked then 'not_tracked'
            else 'taken'
        end
    from unnest(notices) as n
    left join postbell.delivery as d on d.id = n.delivery_id
    left join postbell.tenant on tenant.id = d.tenant_id
    left join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
    cross join lateral (
        select
            exists (
                select
                from postbell.receipt as r
                where r.provider = judge_notices.provider
                  and r.provider_event_id = n.event_id
            ) as is_repeated,
            -- A provider speaks of what it was given, and of nobody else's. What we see ourselves carries our signature.
            exists (
                select
                from postbell.attempt as a
                where a.delivery_id = n.delivery_id
                  -- Where nobody wrote down which provider was being called in a crash, it may have been any.
                  and (a.provider in (judge_notices.provider, 'unknown') or judge_notices.provider = 'postbell')
            ) as is_handed_over,
            case
                -- Our own Message-ID: one that we never sent was made up.
                when n.message_id like '<%' then not exists (
                    select
                    from postbell.attempt as a
                    where a.delivery_id = n.delivery_id
                      and a.provider_message_id = n.message_id
                )
                else exists (
                    select
                    from postbell.attempt as a
                    where a.provider_message_id = n.message_id
                      and a.provider_message_id not like '<%'
                      and a.provider = judge_notices.provider
                      and a.delivery_id <> n.delivery_id
                )
                -- Another installation may share the account, and number its deliveries as we do. Nothing can be said of a
                -- call whose answer gave no id, or ours back (postbell_): the service has one of its own then.
                or not exists (
                    select
                    from postbell.attempt as a
                    where a.delivery_id = n.delivery_id
                      and a.provider in (judge_notices.provider, 'unknown')
                      and (
                          a.provider_message_id = n.message_id
                          or a.provider_message_id is null
                          or a.provider_message_id like 'postbell\_%'
                      )
                ) and n.message_id is not null
            end
            -- Of one that a crash undid, and whose number is another's now.
            or coalesce(not starts_with(postbell.identity_of(d), n.identity), false) as is_of_another,
            case n.kind when 'opened' then 'opens' else 'clicks' end = any(tenant.tracking)
                and person.tracking_refused_at is null as is_tracked
    ) as known
$$;

comment on function postbell.judge_notices(text, postbell.notice[]) is
    'Whether to believe what a provider tells: taken, repeated, kept (for later), or why not.';
