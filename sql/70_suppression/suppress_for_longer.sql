create or replace function postbell.suppress_for_longer(barred postbell.suppression[]) returns void
language sql
as $$
    insert into postbell.suppression as former (tenant_id, channel, address, reason, detail, suppressed_at, expires_at)
    select b.tenant_id, b.channel, b.address, b.reason, b.detail, b.suppressed_at, b.expires_at
    from unnest(barred) as b
    on conflict (tenant_id, channel, address) do update set
        reason = excluded.reason,
        detail = excluded.detail,
        suppressed_at = excluded.suppressed_at,
        expires_at = excluded.expires_at
    -- A full mailbox of long ago does not speak for one that is gone now, nor does a soft reason shorten a hard one.
    where former.expires_at < excluded.expires_at
$$;

comment on function postbell.suppress_for_longer(postbell.suppression[]) is
    'Suppresses addresses, each at most once in the array, except where one is suppressed for as long already.';
