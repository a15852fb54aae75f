-- What takes long with large tables, before the revision, while everybody works. Each statement is harmless when it is
-- repeated. The names have no schema: one table has moved since 0.1.0.
do $$
declare
    v_index regclass;
begin
    -- Of an earlier try that was interrupted.
    for v_index in
        select indexrelid::regclass
        from pg_index
        join pg_class on pg_class.oid = indexrelid
        where relname in ('delivery_of_event_idx', 'receipt_leaf_idx')
          and not indisvalid
    loop
        execute format('drop index %s', v_index);
    end loop;
end
$$;

-- It waits for transactions that were open before, and nobody waits for it.
set lock_timeout = '5min';

create index concurrently if not exists delivery_of_event_idx on delivery (notification_id, recipient_id);

create unique index concurrently if not exists receipt_leaf_idx on receipt (provider, provider_event_id, delivery_id);

set lock_timeout = '5s';

do $$
declare
    v_table record;
    -- Until the revision has attached the tables, no id may come to these bounds.
    v_room constant bigint := 15000000;
begin
    for v_table in
        select listed.name::regclass as name, listed.key, listed.last_id
        from (values
            ('notification', 'id', (select last_value from outbox_id_seq)),
            ('delivery', 'id', (select last_value from delivery_id_seq)),
            ('attempt', 'delivery_id', (select last_value from delivery_id_seq)),
            ('receipt', 'delivery_id', (select last_value from delivery_id_seq)),
            ('inbox_item', 'id', (select last_value from delivery_id_seq))
        ) as listed (name, key, last_id)
    loop
        execute format('alter table %s drop constraint if exists id_is_of_the_first_leaf', v_table.name);
        execute format(
            'alter table %s add constraint id_is_of_the_first_leaf check (%2$I >= 1 and %2$I < %3$s) not valid',
            v_table.name, v_table.key, v_table.last_id + v_room
        );
    end loop;
end
$$;

alter table delivery
add column if not exists is_open boolean not null default false,
drop constraint if exists delivery_is_finished,
add constraint delivery_is_finished check (is_open = false) not valid;

set lock_timeout = '5min';

alter table delivery validate constraint delivery_is_finished;

alter table notification validate constraint id_is_of_the_first_leaf;

alter table delivery validate constraint id_is_of_the_first_leaf;

alter table attempt validate constraint id_is_of_the_first_leaf;

alter table receipt validate constraint id_is_of_the_first_leaf;

alter table inbox_item validate constraint id_is_of_the_first_leaf;
