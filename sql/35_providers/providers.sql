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
