create or replace trigger check_channels
before insert or update of channel on postbell.provider_choice
for each row
execute function postbell_private.check_channels('channel');

comment on trigger check_channels on postbell.provider_choice is 'See postbell_private.check_channels().';


create or replace function postbell.choose_providers(channel text, providers text[], tenant_id text default 'default') returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_wrong text;
begin
    perform postbell_private.require_tenant(choose_providers.tenant_id);
    if not exists (select from postbell.channel where channel.name = choose_providers.channel and channel.is_outgoing) then
        perform postbell.raise_error(
            'invalid_channel',
            (
                select coalesce(choose_providers.channel, 'null') || ' has no choice of providers; '
                    || postbell.in_words(array_agg(name order by position)) || ' have'
                from postbell.channel
                where is_outgoing
            )
        );
    end if;
    select coalesce(chosen.name, 'null') into v_wrong
    from unnest(choose_providers.providers) as chosen (name)
    where chosen.name is null
       or chosen.name !~ '^[a-z][a-z0-9_]{0,62}$'
    limit 1;
    if found then
        perform postbell.raise_error('invalid_argument', v_wrong || ' cannot be a provider: use small letters, digits and _, a letter first');
    end if;
    select chosen.name into v_wrong
    from unnest(choose_providers.providers) as chosen (name)
    group by chosen.name
    having count(*) > 1
    limit 1;
    if found then
        perform postbell.raise_error('invalid_argument', 'the provider ' || v_wrong || ' is named twice');
    end if;

    delete from postbell.provider_choice
    where tenant_id = choose_providers.tenant_id
      and channel = choose_providers.channel;

    -- Null or an empty list deletes the choice.
    insert into postbell.provider_choice (tenant_id, channel, position, provider)
    select choose_providers.tenant_id, choose_providers.channel, chosen.position, chosen.name
    from unnest(choose_providers.providers) with ordinality as chosen (name, position);

    -- People may have answered STOP to the number of another provider.
    perform postbell_private.inherit_stops(choose_providers.tenant_id);
end
$$;

comment on function postbell.choose_providers(text, text[], text) is
    'Chooses the providers of a tenant on a channel, in order of preference: if one fails, the next is called. An empty list or null stands for all configured providers, in the order of the file. Dispatchers follow within seconds.';


create or replace function postbell_private.report_providers(process text, reports jsonb) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- Reports need not survive a crash, so the commit does not wait for the disk.
    perform set_config('synchronous_commit', 'off', true);

    -- Reports of providers that the process no longer has, and of processes that are gone.
    delete from postbell.provider_report
    where reported_at < clock_timestamp() - interval '1 hour'
       or (
           process = report_providers.process
           and not jsonb_path_query_array(reports, '$[*].provider') ? provider
       );

    insert into postbell.provider_report (process, provider, channel, state, reason, changed_at, opens_at)
    select
        report_providers.process,
        said.provider,
        said.channel,
        -- During a deploy, dispatchers of the previous version still report the former names.
        case said.state when 'resting' then 'open' when 'paused' then 'misconfigured' else said.state end,
        left(said.reason, 1000),
        said.changed_at,
        said.opens_at
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

comment on function postbell_private.report_providers(text, jsonb) is
    'Records the states of a dispatcher''s providers: [{"provider": "main_mail", "channel": "email", "state": "ready", "reason": null, "changed_at": "…", "opens_at": null}]. Providers that are not listed are removed.';


create or replace view postbell.providers
with (security_invoker = true) as
select
    provider,
    channel::text as channel,
    process,
    state::text as state,
    reason,
    changed_at,
    opens_at,
    reported_at
from postbell.provider_report
-- A process that has missed three reports is gone.
where reported_at > clock_timestamp() - interval '90 seconds';

comment on view postbell.providers is 'The state of each provider, as reported by each running dispatcher.';
comment on column postbell.providers.provider is 'Its configured name.';
comment on column postbell.providers.channel is 'The outgoing channel, a name in postbell.channel.';
comment on column postbell.providers.process is 'The dispatcher that reports: host and process id.';
comment on column postbell.providers.state is 'ready; open: its circuit breaker is open, because it fails or asked for a pause; misconfigured: its configuration is at fault.';
comment on column postbell.providers.reason is 'Why it is not ready.';
comment on column postbell.providers.changed_at is 'Since when it is in this state.';
comment on column postbell.providers.opens_at is 'When the circuit breaker next lets a call through; null if it is ready.';
comment on column postbell.providers.reported_at is 'When the process reported it. Reports older than 90 seconds are not shown.';
