create or replace function postbell.check_templates()
returns table (event text, channel postbell.channel, reason text, deliveries bigint, since timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select d.event, d.channel, d.reason, count(*), min(d.created_at)
    from postbell.waiting_delivery as w
    join postbell.delivery as d on d.id = w.delivery_id
    where d.reason in ('template_missing', 'template_outdated')
    group by d.event, d.channel, d.reason
    order by 4 desc, 1, 2
$$;

comment on function postbell.check_templates() is
    'What waits for a template that the dispatchers which took it do not have, or have another of than was deployed, and how much of it.';
