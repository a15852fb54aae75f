create or replace function postbell.quiet_until(
    tenant_id text, recipient text, channel text, at timestamptz, home_zone text, is_wary boolean default false
) returns timestamptz
language plpgsql stable
as $$
#variable_conflict use_column
declare
    v_at timestamptz := at;
    v_until timestamptz;
begin
    -- One window may end where the next begins, or so shortly before that nothing could be sent in between: follow
    -- them, a week and a day at most.
    for step in 1..9 loop
        select max(window_end) into v_until
        from (
            select
                postbell.instant_of(local_day + starts, zone) as window_start,
                postbell.instant_of(local_day + case when ends > starts then 0 else 1 end + ends, zone) as window_end
            from (
                select
                    *,
                    case
                        when not is_wary then coalesce(q.time_zone, home_zone)
                        when postbell.is_time_zone(q.time_zone) then q.time_zone
                        when postbell.is_time_zone(home_zone) then home_zone
                        else 'UTC'
                    end as zone
                from postbell.quiet_hours as q
                where q.tenant_id = quiet_until.tenant_id
                  and q.recipient_id = quiet_until.recipient
                  and quiet_until.channel = any(q.channels)
            ) as own
            -- A window that contains this moment started today or yesterday, or starts with the next day.
            cross join lateral (values
                ((v_at at time zone zone)::date),
                ((v_at at time zone zone)::date - 1),
                ((v_at at time zone zone)::date + 1)
            ) as near (local_day)
            where extract(isodow from local_day) = day
        ) as windows
        where window_start < v_at + case step when 1 then interval '1 microsecond' else interval '1 second' end
          and window_end > v_at;

        exit when v_until is null;
        v_at := v_until;
    end loop;

    -- Windows that follow each other for ever hold back nothing: it would never come.
    return case when v_until is null then nullif(v_at, at) end;
exception
    -- A zone that the server does not know must not hold back a whole batch: the next best counts then. Only
    -- then is every zone looked at beforehand, which costs more than all the rest.
    when invalid_parameter_value then
        if is_wary then
            raise;
        end if;
        return postbell.quiet_until(
            quiet_until.tenant_id, quiet_until.recipient, quiet_until.channel, at, home_zone, is_wary => true
        );
end
$$;

comment on function postbell.quiet_until(text, text, text, timestamptz, text, boolean) is
    'When the quiet hours that hold at a moment end, for a person on a channel; null if there are none then, or if they never end. A wary one looks at each zone first: the window''s, the person''s, else UTC.';
