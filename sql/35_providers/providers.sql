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
-- A process that has said nothing for three reports is gone.
where reported_at > clock_timestamp() - interval '90 seconds';

comment on view postbell.providers is 'How each provider is doing, as each running dispatcher sees it.';
comment on column postbell.providers.provider is 'Its configured name.';
comment on column postbell.providers.channel is 'email, sms or push.';
comment on column postbell.providers.process is 'The dispatcher that reports: host and process id.';
comment on column postbell.providers.state is 'ready; resting: it fails, or asked to be left alone; paused: our configuration of it is at fault.';
comment on column postbell.providers.reason is 'Why it is not ready.';
comment on column postbell.providers.changed_at is 'Since when it is in that state.';
comment on column postbell.providers.opens_at is 'When it is asked again; null if it is ready.';
comment on column postbell.providers.reported_at is 'When the process said so; one that is silent for 90 seconds is not shown.';
