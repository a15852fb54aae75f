create or replace function postbell.next_due() returns interval
language sql stable security definer
set search_path = ''
as $$
    select least(
        (select due_at from postbell.scheduled_notification order by due_at limit 1),
        (select due_at from postbell.waiting_delivery order by due_at limit 1)
    ) - postbell.clock()
$$;

comment on function postbell.next_due() is 'How long until something that waits is due; null if nothing waits.';
