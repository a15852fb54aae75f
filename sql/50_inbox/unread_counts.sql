create or replace view postbell.unread_counts
with (security_invoker = true) as
select
    person.tenant_id,
    person.id as recipient_id,
    counted.unread
from postbell.recipient as person
cross join lateral (
    select count(*) as unread
    from (
        select
        from postbell.inbox_item as item
        where item.tenant_id = person.tenant_id
          and item.recipient_id = person.id
          and item.read_at is null
          and item.archived_at is null
          and not item.is_silent
        -- Beyond 99 a page says "99+"; counting on would only cost.
        limit 100
    ) as unread_item
) as counted;

comment on view postbell.unread_counts is 'How many inbox items each person has not read, counted to 100 and never stored. Silent and archived ones do not count.';
