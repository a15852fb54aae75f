create or replace function postbell.set_quiet_hours(
    recipient text,
    starts time,
    ends time,
    days integer[] default '{1,2,3,4,5,6,7}',
    time_zone text default null,
    channels text[] default '{sms,push,sse}',
    tenant_id text default 'default'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell.require_recipient(set_quiet_hours.tenant_id, set_quiet_hours.recipient);
    if set_quiet_hours.time_zone is not null and not postbell.is_time_zone(set_quiet_hours.time_zone) then
        perform postbell.raise_error('invalid_time_zone', set_quiet_hours.time_zone);
    end if;
    if not set_quiet_hours.days <@ array[1, 2, 3, 4, 5, 6, 7] then
        perform postbell.raise_error('invalid_argument', 'days are 1 (Monday) to 7 (Sunday)');
    end if;
    if not set_quiet_hours.channels <@ array['email', 'sms', 'push', 'sse'] then
        perform postbell.raise_error('invalid_channel', 'quiet hours are for email, sms, push and sse');
    end if;
    if (set_quiet_hours.starts is null) <> (set_quiet_hours.ends is null) then
        perform postbell.raise_error('invalid_argument', 'starts and ends are both given, or both null to end the quiet hours');
    end if;

    delete from postbell.quiet_hours
    where tenant_id = set_quiet_hours.tenant_id
      and recipient_id = set_quiet_hours.recipient
      and day = any(set_quiet_hours.days);

    if set_quiet_hours.starts is not null then
        insert into postbell.quiet_hours (tenant_id, recipient_id, day, starts, ends, time_zone, channels)
        select distinct
            set_quiet_hours.tenant_id, set_quiet_hours.recipient, day,
            set_quiet_hours.starts, set_quiet_hours.ends, set_quiet_hours.time_zone, set_quiet_hours.channels
        from unnest(set_quiet_hours.days) as day;
    end if;
end
$$;

comment on function postbell.set_quiet_hours is
    'Sets the quiet window that starts on the given weekdays (1 is Monday), leaving other days as they are; null starts and ends remove it. Wall-clock times in the person''s zone. Each channel needs an hour a week in which it may reach the person, whatever the days together say.';
