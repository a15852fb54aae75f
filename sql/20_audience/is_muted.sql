create or replace function postbell.is_muted(
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

comment on function postbell.is_muted is 'Whether everything, the category, the event or the subject is muted at a moment. A table, so that set-based callers get it inlined.';
