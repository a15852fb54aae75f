create or replace function postbell.rejected_since(since timestamptz)
returns table (reason text, rejected bigint, last_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select reason, count(*), max(rejected_at)
    from postbell.rejected_event
    where rejected_at > rejected_since.since
    group by reason
$$;

comment on function postbell.rejected_since(timestamptz) is 'How many events were rejected after a time, by reason.';
