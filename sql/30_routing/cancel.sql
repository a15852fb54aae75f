create or replace function postbell.cancel(
    subject text,
    tenant_id text default 'default',
    out taken_back bigint,
    out handed_over bigint
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform postbell.require_identifier('subject', cancel.subject);
    perform postbell.require_identifier('tenant_id', cancel.tenant_id);

    insert into postbell.cancellation (tenant_id, subject)
    values (cancel.tenant_id, cancel.subject);

    select recalled.taken_back, recalled.handed_over
    into taken_back, handed_over
    from postbell.take_back(array(
        select id
        from postbell.notification
        where subject = cancel.subject
          and tenant_id = cancel.tenant_id
    )) as recalled;
end
$$;

comment on function postbell.cancel(text, text) is
    'Takes back what was emitted about a subject until now, in this transaction too; what comes later is delivered. Returns how many deliveries were taken back and how many were already handed over. An event that is scheduled counts as one, and so does the rest of a large audience that is being told; what the router has not come to yet is taken back and not counted. What it has in hand just then is not counted either.';

create or replace function postbell.cancel(outbox_id bigint, out taken_back bigint, out handed_over bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    insert into postbell.cancellation (outbox_id)
    values (cancel.outbox_id);

    select recalled.taken_back, recalled.handed_over
    into taken_back, handed_over
    from postbell.take_back(array[cancel.outbox_id]) as recalled;
end
$$;

comment on function postbell.cancel(bigint) is
    'Takes back one event. Returns how many deliveries were taken back and how many were already handed over, counted as by subject.';
