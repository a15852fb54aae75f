create or replace function postbell.wait_less() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_changed record;
begin
    if tg_op = 'DELETE' then
        v_changed := old;
    else
        v_changed := new;
    end if;

    if tg_table_name = 'recipient' then
        update postbell.waiting_delivery set due_at = postbell.clock()
        where tenant_id = v_changed.tenant_id
          and recipient_id = v_changed.id
          and not is_retry;
    else
        update postbell.waiting_delivery set due_at = postbell.clock()
        where tenant_id = v_changed.tenant_id
          and recipient_id = v_changed.recipient_id
          and not is_retry;
    end if;
    if found then
        perform pg_notify('postbell_wake', '');
    end if;
    return null;
end
$$;

comment on function postbell.wait_less() is
    'When a person changes zone, hours or mind, what waits for them is decided again at once.';

create or replace trigger wait_less_after_preference
after insert or update or delete on postbell.preference
for each row
execute function postbell.wait_less();

comment on trigger wait_less_after_preference on postbell.preference is 'A new choice counts for what waits, too.';

create or replace trigger wait_less_after_mute
after insert or update or delete on postbell.mute
for each row
execute function postbell.wait_less();

comment on trigger wait_less_after_mute on postbell.mute is 'A new mute counts for what waits, too.';

create or replace trigger wait_less_after_quiet_hours
after insert or update or delete on postbell.quiet_hours
for each row
execute function postbell.wait_less();

comment on trigger wait_less_after_quiet_hours on postbell.quiet_hours is 'New quiet hours count for what waits, too.';

create or replace trigger wait_less_after_move
after update of time_zone, erased_at on postbell.recipient
for each row
when ((old.time_zone, old.erased_at) is distinct from (new.time_zone, new.erased_at))
execute function postbell.wait_less();

comment on trigger wait_less_after_move on postbell.recipient is 'Quiet hours end by the clock of the zone in which the person now is.';
