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
        where relname in ('delivery_of_event_idx', 'receipt_leaf_idx', 'inbox_item_1_id_idx')
          and not indisvalid
    loop
        execute format('drop index %s', v_index);
    end loop;
end
$$;

-- These wait for transactions that were open before, and nobody waits for them.
set lock_timeout = '5min';

create index concurrently if not exists delivery_of_event_idx on delivery (notification_id, recipient_id);

create index concurrently if not exists inbox_item_1_id_idx on inbox_item using brin (id) with (autosummarize = on);

create unique index concurrently if not exists receipt_leaf_idx on receipt (provider, provider_event_id, delivery_id);

-- Until the revision has attached the tables, no id may come to these bounds. A deploy that fails removes them.
set lock_timeout = '200ms';

do $$
begin
    alter table notification drop constraint if exists id_is_of_the_first_leaf;
    execute format(
        'alter table notification add constraint id_is_of_the_first_leaf check (id >= 1 and id < %s) not valid',
        (select last_value + 15000000 from outbox_id_seq)
    );
end
$$;

do $$
begin
    alter table delivery drop constraint if exists id_is_of_the_first_leaf;
    execute format(
        'alter table delivery add constraint id_is_of_the_first_leaf check (id >= 1 and id < %s) not valid',
        (select last_value + 15000000 from delivery_id_seq)
    );
end
$$;

do $$
begin
    alter table attempt drop constraint if exists id_is_of_the_first_leaf;
    execute format(
        'alter table attempt add constraint id_is_of_the_first_leaf check (delivery_id >= 1 and delivery_id < %s) not valid',
        (select last_value + 15000000 from delivery_id_seq)
    );
end
$$;

do $$
begin
    alter table receipt drop constraint if exists id_is_of_the_first_leaf;
    execute format(
        'alter table receipt add constraint id_is_of_the_first_leaf check (delivery_id >= 1 and delivery_id < %s) not valid',
        (select last_value + 15000000 from delivery_id_seq)
    );
end
$$;

do $$
begin
    alter table inbox_item drop constraint if exists id_is_of_the_first_leaf;
    execute format(
        'alter table inbox_item add constraint id_is_of_the_first_leaf check (id >= 1 and id < %s) not valid',
        (select last_value + 15000000 from delivery_id_seq)
    );
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
