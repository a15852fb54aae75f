create or replace function postbell.note_marks() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- More than a page shows are not worth naming: it looks anew.
    v_most constant integer := 100;
begin
    if not postbell.is_attended() then
        return null;
    end if;

    insert into postbell.stream_event (tenant_id, kind, recipient_ids, item_ids)
    select
        change.tenant_id, change.kind, array[change.recipient_id],
        case when count(*) <= v_most then array_agg(change.id order by change.id) end
    from (
        select
            item.tenant_id,
            item.recipient_id,
            item.id,
            case
                when item.archived_at is distinct from former.archived_at then 'archived'
                when item.read_at is null and former.read_at is not null then 'unread'
                when item.read_at is distinct from former.read_at then 'read'
                else 'seen'
            end as kind
        from marked as item
        join unmarked as former using (recipient_id, tenant_id, id)
    ) as change
    group by change.tenant_id, change.recipient_id, change.kind;
    if found then
        perform postbell.ring_gateways();
    end if;
    return null;
end
$$;

comment on function postbell.note_marks() is 'Tells a person''s open pages what was seen, read, made unread or archived.';

-- A trigger, so that a reader who may mark items tells of exactly that and can make up nothing.
create or replace trigger note_marks
after update on postbell.inbox_item
referencing old table as unmarked new table as marked
for each statement
execute function postbell.note_marks();

comment on trigger note_marks on postbell.inbox_item is 'One row of the stream log for each person and statement.';
