-- The trigger on a mirrored users table reads tables that move. A statement of the application that is already in it
-- would look for them under their old names, and fail. So those statements end first, and later ones wait before the
-- trigger: creating it again takes the lock for which the owner has the privilege.
do $$
declare
    v_definition text;
begin
    for v_definition in
        select regexp_replace(pg_get_triggerdef(oid), '^CREATE ', 'CREATE OR REPLACE ')
        from pg_trigger
        where tgfoid = to_regproc('postbell.follow_users')
          and not tgisinternal
          and has_table_privilege(tgrelid, 'trigger')
        order by tgrelid, tgname
    loop
        execute v_definition;
    end loop;
end
$$;

create schema if not exists postbell_private;
comment on schema postbell_private is
    'What only Postbell''s own processes use: functions and tables that may change with any version. postbell has what is for others.';

alter type postbell.candidate set schema postbell_private;
alter type postbell.verdict set schema postbell_private;
alter type postbell.decided set schema postbell_private;
alter type postbell.mirrored set schema postbell_private;
alter type postbell.notice set schema postbell_private;
alter domain postbell.stream_kind set schema postbell_private;

-- Indexes, constraints and the sequences of their columns come along; partitions do not.
alter table postbell.router_step set schema postbell_private;
alter table postbell.notification set schema postbell_private;
alter table postbell.idempotency_key set schema postbell_private;
alter table postbell.duplicate_event set schema postbell_private;
alter table postbell.fanout_member set schema postbell_private;
alter table postbell.fanout_turn set schema postbell_private;
alter table postbell.cancellation set schema postbell_private;
alter table postbell.early_receipt set schema postbell_private;
alter table postbell.session set schema postbell_private;
alter table postbell.ticket set schema postbell_private;
alter table postbell.operator_session set schema postbell_private;
alter table postbell.recipient_mirror set schema postbell_private;
alter table postbell.missing_tenant set schema postbell_private;
alter table postbell.stream_epoch set schema postbell_private;
alter table postbell.stream_truncation set schema postbell_private;
alter table postbell.stop set schema postbell_private;
alter table postbell.unknown_delivery set schema postbell_private;
alter table postbell.stream_event set schema postbell_private;
alter table postbell.stream_event_0 set schema postbell_private;
alter table postbell.stream_event_1 set schema postbell_private;
alter table postbell.stream_event_2 set schema postbell_private;
alter table postbell.stream_event_3 set schema postbell_private;
alter table postbell.stream_event_4 set schema postbell_private;
alter table postbell.stream_event_5 set schema postbell_private;
alter table postbell.stream_event_6 set schema postbell_private;
alter table postbell.stream_event_7 set schema postbell_private;

-- Functions of triggers that are as they were: making such a trigger anew would lock its table. The deploy defines all other
-- functions in their new schema, and drops those that are left in the old one.
do $$
declare
    v_function regprocedure;
begin
    for v_function in
        select oid
        from pg_proc
        where pronamespace = 'postbell'::regnamespace
          and proname in ('wake_router', 'keep_branding', 'follow_tenants')
    loop
        execute format('alter function %s set schema postbell_private', v_function);
    end loop;
end
$$;

-- What comments say names functions as they are called now.
comment on column postbell.fanout.listed is 'How many of them are in postbell_private.fanout_member by now.';
comment on column postbell.delivery.verdict is 'Why it was decided so the last time; see postbell_private.ladder().';
comment on table postbell_private.unknown_delivery is
    'Deliveries that may or may not have been sent, until their provider tells, or is given up waiting for; see postbell_private.settle_unknown().';
comment on column postbell.batch.claims is 'How often a dispatcher took it: one that is never finished ends its dispatcher, see postbell_private.split_batch().';
comment on table postbell_private.early_receipt is
    'Receipts that came while their message was still being handed over, or before we knew its id. postbell_private.match_receipts() takes them up, or postbell_private.forget_early_receipts() drops them after an hour.';
