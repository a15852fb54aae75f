create or replace function postbell.check_mirrors() returns table (source text, is_broken boolean, fault text, since timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    with mirror as (
        select
            source,
            failed_at,
            coalesce(
                postbell.mirror_fault(source, mapping),
                postbell.mirror_trigger_fault(source),
                failure
            ) as fault
        from postbell.recipient_mirror
    )

    select source::text, true, fault, failed_at
    from mirror
    where fault is not null

    union all

    select
        source::text, false,
        format(
            case count(distinct tenant_id)
                when 1 then 'there is no tenant %2$s: its users become recipients when there is'
                else 'there are no tenants %2$s (%1$s in all): their users become recipients when there are'
            end,
            count(distinct tenant_id),
            array_to_string((array_agg(distinct tenant_id))[:5], ', ')
        ),
        min(noted_at)
    from postbell.missing_tenant
    group by source
    order by 2 desc, 1
$$;

comment on function postbell.check_mirrors() is
'What is wrong with the mirrors of users tables: one that is broken makes no recipients of new users, until it is mended and postbell.mirror_recipients()
is called again; users of a tenant that is not there wait for it. Looks at the tables as they are now, and at what failed since they were mirrored.';
