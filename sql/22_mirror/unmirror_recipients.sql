create or replace function postbell.unmirror_recipients(source regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_trigger text;
begin
    for v_trigger in
        select tgname
        from pg_trigger
        where tgrelid = unmirror_recipients.source
          and tgfoid = 'postbell.follow_users'::regproc
          and tgparentid = 0
    loop
        execute format('drop trigger %I on %s', v_trigger, unmirror_recipients.source);
    end loop;

    delete from postbell.recipient_mirror as known
    where known.source = unmirror_recipients.source;
    delete from postbell.missing_tenant as known
    where known.source = unmirror_recipients.source;
end
$$;

comment on function postbell.unmirror_recipients(regclass) is 'Recipients follow this table no longer; they stay as they are.';
