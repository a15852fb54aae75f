create or replace function postbell.report_mirror_failure(source regclass, failure text) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    raise warning using
        message = format('recipients do not follow %s: %s', report_mirror_failure.source, report_mirror_failure.failure),
        hint = 'Mend it, and call postbell.mirror_recipients() again: it copies everybody.';
    -- Said once, by the first who gets to it: nobody waits for another user's transaction, or fails for it.
    update postbell.recipient_mirror set failed_at = postbell.clock(), failure = report_mirror_failure.failure
    where source = (
        select source
        from postbell.recipient_mirror
        where source = report_mirror_failure.source
          and failed_at is null
        for no key update skip locked
    );
exception
    when serialization_failure then
        null;
end
$$;

comment on function postbell.report_mirror_failure(regclass, text) is 'Warns that recipients do not follow a table, and keeps why for postbell.check_mirrors().';
