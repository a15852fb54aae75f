create or replace function postbell.pause(recipient text, until timestamptz, tenant_id text default 'default') returns void
language sql
begin atomic
    select postbell.mute(recipient => pause.recipient, until => pause.until, tenant_id => pause.tenant_id);
end;

comment on function postbell.pause(text, timestamptz, text) is 'Mutes everything until a time: the inbox keeps what comes, silently; what other channels would have brought is not sent, and does not come later either. What is forced comes all the same. Quiet hours make it wait instead.';
