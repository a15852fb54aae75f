create or replace function postbell.is_allowed(reason text, channel text) returns boolean
language sql immutable parallel safe
return reason in ('wanted', 'forced', 'quiet_hours') or reason = 'muted' and channel = 'in_app';

comment on function postbell.is_allowed(text, text) is
    'Whether a reason of postbell.ladder() lets a channel through: wanted, forced, or for later; and what is muted into the inbox, silently.';
