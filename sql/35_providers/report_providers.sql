create or replace function postbell.report_providers(process text, reports jsonb) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- Worth no waiting for the disk.
    perform set_config('synchronous_commit', 'off', true);

    -- What the process no longer has, and what processes left behind that are gone.
    delete from postbell.provider_report
    where reported_at < clock_timestamp() - interval '1 hour'
       or (
           process = report_providers.process
           and not jsonb_path_query_array(reports, '$[*].provider') ? provider
       );

    insert into postbell.provider_report (process, provider, channel, state, reason, changed_at, opens_at)
    select report_providers.process, said.provider, said.channel, said.state, left(said.reason, 1000), said.changed_at, said.opens_at
    from jsonb_to_recordset(reports)
        as said (provider text, channel text, state text, reason text, changed_at timestamptz, opens_at timestamptz)
    on conflict (process, provider) do update set
        channel = excluded.channel,
        state = excluded.state,
        reason = excluded.reason,
        changed_at = excluded.changed_at,
        opens_at = excluded.opens_at,
        reported_at = clock_timestamp();
end
$$;

comment on function postbell.report_providers(text, jsonb) is
    'How a dispatcher''s providers are doing: [{"provider": "main_mail", "channel": "email", "state": "ready", "reason": null, "changed_at": "…", "opens_at": null}]. Those that are not named, it has no more.';
