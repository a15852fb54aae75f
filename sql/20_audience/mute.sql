create or replace function postbell.mute(
    recipient text,
    until timestamptz default 'infinity',
    category text default null,
    event text default null,
    subject text default null,
    tenant_id text default 'default'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- Each is asked for every event of the person's, by the one router that all share.
    v_most_mutes constant integer := 500;
begin
    perform postbell.require_recipient(mute.tenant_id, mute.recipient);
    if num_nonnulls(mute.category, mute.event, mute.subject) > 1 then
        perform postbell.raise_error('invalid_argument', 'name one of category, event and subject, or nothing for everything');
    end if;
    if mute.subject is not null then
        perform postbell.require_identifier('subject', mute.subject);
    end if;
    perform postbell.require_short('category', mute.category);
    perform postbell.require_short('event', mute.event);

    delete from postbell.mute as m
    where m.tenant_id = mute.tenant_id
      and m.recipient_id = mute.recipient
      and m.until < postbell.clock();

    if v_most_mutes <= (
        select count(*)
        from postbell.mute as m
        where m.tenant_id = mute.tenant_id
          and m.recipient_id = mute.recipient
          and (m.category, m.event, m.subject) is distinct from (mute.category, mute.event, mute.subject)
    ) then
        perform postbell.raise_error(
            'invalid_argument', format('a person mutes at most %s things at a time: unmute some', v_most_mutes)
        );
    end if;

    insert into postbell.mute (tenant_id, recipient_id, category, event, subject, until)
    values (mute.tenant_id, mute.recipient, mute.category, mute.event, mute.subject, coalesce(mute.until, 'infinity'))
    on conflict (tenant_id, recipient_id, category, event, subject) do update set
        until = excluded.until,
        muted_at = postbell.clock();
end
$$;

comment on function postbell.mute is
    'Silences everything, a category, an event or a subject (thread) until a time or for good. The inbox keeps what comes, without counting it as unread; what other channels would have brought is not sent, and does not come later either. At most 500 a person; those that are over are forgotten.';
