do $$
begin
    -- Of an earlier try that was interrupted.
    if exists (
        select
        from pg_index
        join pg_class on pg_class.oid = indexrelid
        where relname = 'recipient_email_idx'
          and relnamespace = 'postbell'::regnamespace
          and not indisvalid
    ) then
        drop index recipient_email_idx;
    end if;
end
$$;

-- It waits for transactions that were open before, and nobody waits for it.
set lock_timeout = '5min';

create index concurrently if not exists recipient_email_idx on recipient (lower(trim(email)));
