create or replace function postbell.mirror_trigger_fault(source regclass) returns text
language sql stable
as $$
    select 'its triggers are gone or disabled'
    from pg_trigger
    where tgrelid = source
      and tgfoid = 'postbell.follow_users'::regproc
      and tgenabled <> 'D'
    having count(*) < 4
$$;

comment on function postbell.mirror_trigger_fault(regclass) is 'What is wrong with the triggers on a mirrored table; null if nothing.';
