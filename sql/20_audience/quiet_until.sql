create or replace function postbell.quiet_until(
    tenant_id text, recipient text, channel text, at timestamptz, home_zone text
) returns timestamptz
language plpgsql stable
as $$
#variable_conflict use_column
declare
    v_at timestamptz := at;
    v_until timestamptz;
begin
    -- One window may end where the next begins: follow them, a week and a day at most.
    for step in 1..9 loop
        select max(window_end) into v_until
        from (
            select
                postbell.instant_of(local_day + starts, zone) as window_start,
                postbell.instant_of(local_day + case when ends > starts then 0 else 1 end + ends, zone) as window_end
            from (
                select *, coalesce(q.time_zone, home_zone) as zone
                from postbell.quiet_hours as q
                where q.tenant_id = quiet_until.tenant_id
                  and q.recipient_id = quiet_until.recipient
                  and quiet_until.channel = any(q.channels)
            ) as own
            -- A window that contains this moment started today or yesterday.
            cross join lateral (values
                ((v_at at time zone zone)::date),
                ((v_at at time zone zone)::date - 1)
            ) as near (local_day)
            where extract(isodow from local_day) = day
        ) as windows
        where window_start <= v_at
          and window_end > v_at;

        exit when v_until is null;
        v_at := v_until;
    end loop;

    return nullif(v_at, at);
exception
    -- A zone that the server does not know must not hold back a whole batch: the clock is then UTC's.
    when invalid_parameter_value then
        if home_zone = 'UTC' then
            raise;
        end if;
        return postbell.quiet_until(quiet_until.tenant_id, quiet_until.recipient, quiet_until.channel, at, 'UTC');
end
$$;

comment on function postbell.quiet_until(text, text, text, timestamptz, text) is
    'When the quiet hours that hold at a moment end, for a person on a channel; null if there are none then.';
