create or replace function postbell.check_names(since timestamptz)
returns table (what text, name text, events bigint, last_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select known.what, left(known.name, 100), count(*), max(rejected_at)
    from postbell.rejected_event as rejected
    cross join lateral (
        select 'tenant' as what, rejected.tenant_id as name
        where rejected.reason = 'unknown_tenant'
          and not exists (select from postbell.tenant where id = rejected.tenant_id)

        union all

        select 'event', rejected.event
        where rejected.reason = 'unknown_event'
          and not exists (select from postbell.event_type where key = rejected.event)
    ) as known
    where rejected_at > check_names.since
    group by 1, 2
    order by 3 desc, 1, 2
    limit 20
$$;

comment on function postbell.check_names(timestamptz) is
    'Tenants and events that do not exist, and that events named which were rejected after a time; the most frequent 20.';
