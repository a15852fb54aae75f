create or replace function postbell_private.export_rows(
    source regclass, condition text, recipient text, tenant_id text, ids bigint[] default null
) returns jsonb
language plpgsql stable
as $$
declare
    -- What opens something, what tells of others, and what means nothing outside of this database.
    v_withheld constant text[] := '{digest,session_digest,auth,p256dh,audience,slot,xid}';
    v_rows jsonb;
begin
    execute format('select coalesce(jsonb_agg(to_jsonb(t) - $1), ''[]'') from %s as t where %s', export_rows.source, export_rows.condition)
    into v_rows
    using v_withheld, export_rows.recipient, export_rows.tenant_id, export_rows.ids;
    return v_rows;
end
$$;

comment on function postbell_private.export_rows(regclass, text, text, text, bigint[]) is
    'Returns the rows of a table for which a condition holds, without secrets. In the condition $2 is the person, $3 the tenant and $4 the ids.';


create or replace function postbell.export_recipient(recipient text, tenant_id text default 'default') returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_named constant text := '$3 = t.tenant_id and $2 in (select * from postbell_private.named_in(t.recipient, t.actor, t.audience))';
    v_held jsonb;
    v_deliveries bigint[];
    v_events bigint[];
    v_part record;
begin
    perform postbell_private.require_tenant(export_recipient.tenant_id);
    perform postbell.require_identifier('recipient', export_recipient.recipient);
    if postbell_private.is_erased(export_recipient.tenant_id, export_recipient.recipient) then
        perform postbell.raise_error(
            'recipient_erased', export_recipient.recipient || ' of tenant ' || export_recipient.tenant_id
        );
    end if;

    select array_agg(id), array_agg(distinct notification_id)
    into v_deliveries, v_events
    from postbell.delivery as d
    where d.recipient_id = export_recipient.recipient
      and d.tenant_id = export_recipient.tenant_id;

    v_held := jsonb_build_object('exported_at', postbell.clock());
    for v_part in
        -- Every table with a column for the person, so that none is forgotten.
        select c.oid::regclass as source, c.relname as name, 't.recipient_id = $2 and t.tenant_id = $3' as condition, null::bigint[] as ids
        from pg_class as c
        join pg_attribute on attrelid = c.oid and attname = 'recipient_id'
        where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
          and relkind in ('r', 'p')
          and not relispartition

        union all

        values
        ('postbell.recipient'::regclass, 'recipient', 't.id = $2 and t.tenant_id = $3', null),
        ('postbell_private.notification', 'notification', 't.id = any($4) or ' || v_named, v_events),
        ('postbell.outbox', 'outbox', v_named, null),
        (
            'postbell.rejected_event', 'rejected_event',
            '$3 = t.tenant_id and $2 in (select * from postbell_private.named_in(t.recipient, t.source ->> ''actor'', t.source -> ''audience''))',
            null
        ),
        ('postbell.attempt', 'attempt', 't.delivery_id = any($4)', v_deliveries),
        ('postbell.delivery_step', 'delivery_step', 't.delivery_id = any($4)', v_deliveries),
        ('postbell.receipt', 'receipt', 't.delivery_id = any($4)', v_deliveries),
        ('postbell_private.early_receipt', 'early_receipt', 't.delivery_id = any($4)', v_deliveries),
        (
            'postbell.suppression', 'suppression',
            't.tenant_id = $3 and (t.channel, t.address) in (select channel, address from postbell_private.addresses_of(array[$3], array[$2]))',
            null
        ),
        (
            'postbell_private.stop', 'stop',
            '(t.channel, t.address) in (select channel, address from postbell_private.addresses_of(array[$3], array[$2]) where not is_unique)',
            null
        )
    loop
        v_held := v_held || jsonb_build_object(v_part.name, postbell_private.export_rows(
            v_part.source, v_part.condition, export_recipient.recipient, export_recipient.tenant_id, v_part.ids
        ));
    end loop;
    return v_held;
end
$$;

comment on function postbell.export_recipient(text, text) is
'Returns everything that is held about a person as one json: a list of rows for each table, by its name. Left out are keys of devices and sessions, and who else an event is for. It reads the whole log
of events. Raises recipient_erased for a person who was erased.';
