create or replace function postbell_private.is_muted(
    tenant_id text, recipient_id text, category text, event text, subject text, at timestamptz
) returns table (is_muted boolean)
language sql stable
as $$
    select exists (
        select
        from postbell.mute as silence
        where silence.tenant_id = is_muted.tenant_id
          and silence.recipient_id = is_muted.recipient_id
          and silence.until > is_muted.at
          and (silence.category is null or silence.category = is_muted.category)
          and (silence.event is null or silence.event = is_muted.event)
          and (silence.subject is null or silence.subject = is_muted.subject)
    )
$$;

comment on function postbell_private.is_muted is 'Whether a mute of a person covers an event at a time: of everything, the category, the event or the subject. Returns a table, so that PostgreSQL inlines it.';


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
    -- The router looks at all mutes of a person for each event, and there is one router for everybody.
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
    'Silences everything, a category, an event or a subject (thread) until a time or for good. The inbox keeps muted items without counting them as unread; other channels do not send them, then or later. A person has at most 500 mutes; expired ones are deleted.';


create or replace function postbell.pause(recipient text, until timestamptz, tenant_id text default 'default') returns void
language sql
begin atomic
    select postbell.mute(recipient => pause.recipient, until => pause.until, tenant_id => pause.tenant_id);
end;

comment on function postbell.pause(text, timestamptz, text) is 'Mutes everything for a person until a time. The inbox keeps muted items without counting them as unread; other channels do not send them, then or later. Forced channels still deliver. To delay messages instead, use quiet hours.';


create or replace function postbell.unmute(
    recipient text,
    category text default null,
    event text default null,
    subject text default null,
    tenant_id text default 'default'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell.mute
    where tenant_id = unmute.tenant_id
      and recipient_id = unmute.recipient
      and category is not distinct from unmute.category
      and event is not distinct from unmute.event
      and subject is not distinct from unmute.subject;
end
$$;

comment on function postbell.unmute is 'Removes the mute that postbell.mute() made with the same arguments.';
