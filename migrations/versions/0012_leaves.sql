create table postbell.retention (
    kind text collate "C" primary key,
    keep interval,

    constraint kind_is_known check (kind in ('event', 'log', 'inbox')),
    constraint keep_is_possible check (keep between interval '1 day' and interval '100 years')
);
comment on table postbell.retention is 'How long each kind of rows is kept; see postbell.set_retention().';
comment on column postbell.retention.kind is 'event: the contents of events, accepted or rejected; log: deliveries, attempts and receipts; inbox: the items of inboxes.';
comment on column postbell.retention.keep is 'The least time for which rows are kept; null for ever. Whole leaves go at once, so rows may stay longer by a sixth of it; those of events and inboxes, by a half.';
insert into postbell.retention (kind, keep) values ('event', '1 year'), ('log', '1 year'), ('inbox', '1 year');

create table postbell.hold (
    id bigint generated always as identity primary key,
    tenant_id text collate "C" not null,
    subject text collate "C",
    recipient_id text collate "C",
    reason text not null,
    held_at timestamptz not null default clock_timestamp(),

    constraint one_thing_is_held check (num_nonnulls(subject, recipient_id) = 1)
);
create unique index hold_once_idx on postbell.hold (tenant_id, subject, recipient_id) nulls not distinct;
comment on table postbell.hold is 'Legal holds: what is about a subject, or for a person, is kept until it is released; see postbell.hold().';

create table postbell_private.leaf (
    kind text collate "C" not null,
    first_id bigint not null,
    end_id bigint not null,

    began_at timestamptz,
    filled_at timestamptz,
    filled_before xid8,
    used_at timestamptz,
    cleaned_to bigint not null,
    cleaned_at timestamptz,
    emptied_at timestamptz,

    primary key (kind, first_id),
    constraint leaf_has_room check (first_id < end_id)
);
comment on table postbell_private.leaf is 'The leaves of the large tables: a partition of each table of a kind, for the same ids. They are named after first_id.';
comment on column postbell_private.leaf.kind is 'See postbell.retention. The ids of events are those of the outbox; the others, those of deliveries.';
comment on column postbell_private.leaf.end_id is 'The first id that belongs to the next leaf.';
comment on column postbell_private.leaf.began_at is 'When housekeeping first saw ids that belong to it.';
comment on column postbell_private.leaf.filled_at is 'When housekeeping first saw ids beyond it.';
comment on column postbell_private.leaf.filled_before is 'The next transaction id when filled_at was set. Rows of later transactions belong to other leaves.';
comment on column postbell_private.leaf.used_at is 'When something open was last seen to need it, to a day.';
comment on column postbell_private.leaf.cleaned_to is 'Retention has looked row by row at what is before this id.';
comment on column postbell_private.leaf.cleaned_at is 'When retention last began with the first row.';
comment on column postbell_private.leaf.emptied_at is 'When retention truncated it. It is dropped as soon as nobody uses its tables.';

-- The tables that there are become the first leaf, and keep their indexes under other names.
alter table postbell.waiting_delivery drop constraint waiting_delivery_delivery_id_fkey;
alter table postbell_private.unknown_delivery drop constraint unknown_delivery_delivery_id_fkey;
alter table postbell.delivery_step drop constraint delivery_step_delivery_id_fkey;
alter table postbell.dead_letter drop constraint dead_letter_delivery_id_fkey;
alter table postbell.receipt drop constraint receipt_delivery_id_fkey;
alter table postbell_private.early_receipt drop constraint early_receipt_delivery_id_fkey;
alter table postbell.scheduled_notification drop constraint scheduled_notification_notification_id_fkey;
alter table postbell.fanout drop constraint fanout_notification_id_fkey;

do $$
declare
    v_table regclass;
    v_other record;
begin
    foreach v_table in array array[
        'postbell_private.notification', 'postbell.delivery', 'postbell.attempt', 'postbell.receipt', 'postbell.inbox_item'
    ]::regclass[] loop
        for v_other in
            select indexrelid::regclass as name, relname
            from pg_index
            join pg_class on pg_class.oid = indexrelid
            where indrelid = v_table
        loop
            execute format(
                'alter index %s rename to %I',
                v_other.name,
                regexp_replace(
                    v_other.relname, '^(delivery|notification|attempt|receipt|inbox_item)',
                    case when v_other.relname like 'delivery%' then 'finished_delivery_1' else '\1_1' end
                )
            );
        end loop;
        for v_other in
            select polname from pg_policy where polrelid = v_table
        loop
            execute format('drop policy %I on %s', v_other.polname, v_table);
        end loop;
        for v_other in
            select tgname from pg_trigger where tgrelid = v_table and not tgisinternal
        loop
            execute format('drop trigger %I on %s', v_other.tgname, v_table);
        end loop;
        execute format('alter table %s disable row level security', v_table);
    end loop;
end
$$;

create sequence postbell.delivery_id_seq_1 as bigint;
select setval('postbell.delivery_id_seq_1', last_value, is_called) from postbell.delivery_id_seq;
alter table postbell.delivery alter column id drop identity;
alter sequence postbell.delivery_id_seq_1 rename to delivery_id_seq;
comment on sequence postbell.delivery_id_seq is 'The ids of deliveries. Gaps come from rollbacks.';

alter table postbell_private.notification rename to notification_1;
alter table postbell.delivery rename to finished_delivery_1;
alter table postbell.attempt rename to attempt_1;
alter table postbell.receipt rename to receipt_1;
alter table postbell.inbox_item rename to inbox_item_1;
comment on table postbell_private.notification_1 is 'A leaf of postbell_private.notification.';
comment on table postbell.finished_delivery_1 is 'A leaf of postbell.finished_delivery.';
comment on table postbell.attempt_1 is 'A leaf of postbell.attempt.';
comment on table postbell.receipt_1 is 'A leaf of postbell.receipt.';
comment on table postbell.inbox_item_1 is 'A leaf of postbell.inbox_item.';

create table postbell.delivery (
    id bigint not null default nextval('postbell.delivery_id_seq'),
    notification_id bigint not null,
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    event text collate "C" not null,
    channel postbell.channel_name not null,
    priority postbell.priority not null,

    decision text not null,
    rung smallint not null,
    decision_reason text not null,
    is_silent boolean not null,

    state postbell.delivery_state not null,
    reason text,
    attempts smallint not null default 0,
    provider text,
    provider_message_id text,
    template_version text collate "C",

    due_at timestamptz,
    created_at timestamptz not null,
    sent_at timestamptz,
    delivered_at timestamptz,
    opened_at timestamptz,
    clicked_at timestamptz,
    not_sent text[],
    is_open boolean not null,

    constraint decision_is_known check (decision in ('now', 'later', 'no'))
) partition by list (is_open);
alter sequence postbell.delivery_id_seq owned by postbell.delivery.id;

create table postbell.open_delivery partition of postbell.delivery for values in (true) with (fillfactor = 70);
alter table postbell.open_delivery add primary key (id);
create unique index open_delivery_once_idx on postbell.open_delivery (notification_id, recipient_id, channel);
create index open_delivery_of_recipient_idx on postbell.open_delivery (recipient_id, tenant_id);
comment on table postbell.open_delivery is 'Deliveries that are queued, sending, waiting or of unknown outcome. postbell_private.place_deliveries() moves them to postbell.finished_delivery.';

create table postbell.finished_delivery partition of postbell.delivery for values in (false) partition by range (id);
alter table postbell.finished_delivery add primary key (id);
create index finished_delivery_of_event_idx on postbell.finished_delivery (notification_id, recipient_id);
create index finished_delivery_time_idx on postbell.finished_delivery
using brin (created_at timestamptz_minmax_multi_ops) with (autosummarize = on);
create index finished_delivery_of_recipient_idx on postbell.finished_delivery (recipient_id, tenant_id, id);
comment on table postbell.finished_delivery is 'Deliveries with a final state. Receipts still change them, and postbell.retry() opens them again.';
comment on table postbell.delivery is 'One channel of one recipient of one event: the decision and its delivery.';
comment on column postbell.delivery.decision is 'The last decision: now, later or no, as in postbell.explain(). It stays later once the delivery is due.';
comment on column postbell.delivery.rung is 'The rung of the ladder that made the last decision; 0 for none.';
comment on column postbell.delivery.decision_reason is 'The reason of the last decision; see postbell_private.ladder().';
comment on column postbell.delivery.is_silent is 'Whether it is muted: kept in the inbox and not counted as unread.';
comment on column postbell.delivery.reason is 'The reason for its state, if that is not the decision, such as a provider''s answer, or cancelled. Null once it is sent, unless some devices of the person were not reached.';
comment on column postbell.delivery.template_version is
    'The version of the templates that the last attempt was rendered from: a hash of the event''s templates (postbell.event_type.version, or one in postbell.template_set), a dot, and the number of the tenant''s branding.';
comment on column postbell.delivery.created_at is 'When the event was emitted.';
comment on column postbell.delivery.is_open is 'Whether it lies in postbell.open_delivery.';
comment on column postbell.delivery.not_sent is 'The other channels of the person and event that the router decided against, each as "channel:rung:reason". Null if there are none; the first row of the person has them.';

create table postbell.attempt (
    delivery_id bigint not null,

    outcome text not null,
    provider text not null,
    provider_message_id text,
    code text,
    reason text,
    device text,
    latency_ms real,
    attempted_at timestamptz not null default clock_timestamp(),

    constraint outcome_is_known check (outcome in ('sent', 'retry', 'passed_on', 'refused', 'unknown', 'failed'))
) partition by range (delivery_id);
create index attempt_of_delivery_idx on postbell.attempt (delivery_id);
create index attempt_of_message_idx on postbell.attempt (provider_message_id) where provider_message_id not like '<%';
create index attempt_time_idx on postbell.attempt using brin (attempted_at) with (autosummarize = on);
comment on table postbell.attempt is 'Every call of a provider. Append-only. The inbox and the stream have none.';
comment on column postbell.attempt.outcome is 'What the provider answered: sent, refused, unknown; retry, to be tried again later; passed_on, and the next provider was called at once; failed, and it was the last attempt.';
comment on column postbell.attempt.code is 'The code of the provider''s answer, such as 550 5.1.1.';
comment on column postbell.attempt.device is 'For push, the id of the subscription. A retry skips devices that are reached already.';

create table postbell_private.notification (
    id bigint primary key,
    xid xid8 not null,

    tenant_id text collate "C" not null,
    event text collate "C" not null,
    recipient text,
    audience jsonb,
    actor text,
    subject text collate "C",
    payload jsonb not null,

    channels text[],
    forced_channels text[],
    priority text not null,
    deliver_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz not null,
    routed_at timestamptz not null default clock_timestamp()
) partition by range (id);
create index notification_subject_idx on postbell_private.notification (subject, tenant_id) where subject is not null;
comment on table postbell_private.notification is 'An event that the router accepted, from which its deliveries are made. The id is that of the outbox row.';

create table postbell.inbox_item (
    id bigint not null,
    outbox_id bigint not null,
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    event text collate "C" not null,
    category text collate "C" not null,
    subject text,

    title text not null,
    body text not null,
    link text,
    image text,
    actions jsonb not null default '[]',

    is_silent boolean not null,
    created_at timestamptz not null,
    seen_at timestamptz,
    read_at timestamptz,
    archived_at timestamptz,

    primary key (recipient_id, tenant_id, id)
) partition by range (id);
create index inbox_item_unread_idx on postbell.inbox_item (recipient_id, tenant_id)
where read_at is null and archived_at is null and not is_silent;
create index inbox_item_id_idx on postbell.inbox_item using brin (id) with (autosummarize = on);
comment on table postbell.inbox_item is 'The items of people''s inboxes. The id is that of the delivery.';
comment on column postbell.inbox_item.is_silent is 'Whether it was muted: kept, and not counted as unread.';
comment on column postbell.inbox_item.actions is 'The buttons of the item: [{"label": "...", "link": "..."}].';

create table postbell.receipt (
    provider text collate "C" not null,
    provider_event_id text collate "C" not null,
    delivery_id bigint not null default 0,
    tenant_id text collate "C",
    provider_message_id text collate "C",

    kind text not null,
    code text,
    reason text,
    detail jsonb not null default '{}',

    occurred_at timestamptz not null,
    received_at timestamptz not null default clock_timestamp(),

    primary key (provider, provider_event_id, delivery_id),
    constraint kind_is_known check (kind in (
        'accepted', 'queued', 'sending', 'sent', 'deferred', 'failed', 'dropped', 'undelivered', 'delivered', 'bounced',
        'opened', 'clicked', 'complained', 'unsubscribed', 'stopped', 'resumed'
    )),
    constraint detail_is_an_object check (jsonb_typeof(detail) = 'object')
) partition by range (delivery_id);
create table postbell.receipt_without_delivery partition of postbell.receipt for values from (minvalue) to (1);
comment on table postbell.receipt_without_delivery is 'Replies to text messages.';
create index receipt_of_delivery_idx on postbell.receipt (delivery_id);
comment on table postbell.receipt is
    'Receipts about messages, each event of a provider once. Append-only. They contain neither texts nor addresses.';
comment on column postbell.receipt.provider is 'The configured name of the provider; postbell for bounce mails, opened and clicked.';
comment on column postbell.receipt.provider_event_id is 'The provider''s id of the event, by which repetitions are recognised.';
comment on column postbell.receipt.delivery_id is 'The delivery; 0 for a reply to a text message, which belongs to none.';
comment on column postbell.receipt.kind is 'See postbell.receipt_kinds.';
comment on column postbell.receipt.occurred_at is 'When it happened, by the provider''s clock, but not later than it was received.';

-- The router takes each event once. Who settles or cancels finds deliveries by event and person.
drop index postbell.finished_delivery_1_once_idx;
create index if not exists finished_delivery_1_of_event_idx on postbell.finished_delivery_1 (notification_id, recipient_id);

-- What is open is in a batch, waits, or is of unknown outcome.
alter table postbell.finished_delivery_1 add column if not exists is_open boolean not null default false;
alter table postbell.finished_delivery_1 alter column is_open drop default;
with opened as (
    delete from postbell.finished_delivery_1
    where state in ('queued', 'sending', 'waiting', 'unknown')
      and id in (
          select unnest(delivery_ids) from postbell.batch
          union
          select delivery_id from postbell.waiting_delivery
          union
          select delivery_id from postbell_private.unknown_delivery
      )
    returning
        id, notification_id, tenant_id, recipient_id, event, channel, priority,
        decision, rung, decision_reason, is_silent, state, reason, attempts, provider, provider_message_id, template_version,
        due_at, created_at, sent_at, delivered_at, opened_at, clicked_at, not_sent
)
insert into postbell.open_delivery (
    id, notification_id, tenant_id, recipient_id, event, channel, priority,
    decision, rung, decision_reason, is_silent, state, reason, attempts, provider, provider_message_id, template_version,
    due_at, created_at, sent_at, delivered_at, opened_at, clicked_at, not_sent, is_open
)
select *, true from opened;
alter table postbell.finished_delivery_1 set (fillfactor = 90);
alter table postbell.finished_delivery_1 alter column id set default nextval('postbell.delivery_id_seq');

with replies as (
    delete from postbell.receipt_1
    where delivery_id is null
    returning provider, provider_event_id, tenant_id, provider_message_id, kind, code, reason, detail, occurred_at, received_at
)
insert into postbell.receipt_without_delivery (
    provider, provider_event_id, tenant_id, provider_message_id, kind, code, reason, detail, occurred_at, received_at
)
select * from replies;
alter table postbell.receipt_1 alter column delivery_id set default 0, alter column delivery_id set not null;
alter table postbell.receipt_1 drop constraint receipt_1_pkey;
create index if not exists inbox_item_1_id_idx on postbell.inbox_item_1 using brin (id) with (autosummarize = on);
create unique index if not exists receipt_1_leaf_idx on postbell.receipt_1 (provider, provider_event_id, delivery_id);
alter table postbell.receipt_1 add constraint receipt_1_pkey primary key using index receipt_1_leaf_idx;

do $$
declare
    -- More than the checks allow, so that they imply it: else the tables would be read while nobody can use them.
    v_room constant bigint := case when exists (
        select from pg_constraint where conname = 'id_is_of_the_first_leaf'
    ) then 20000000 else 1048576 end;
    v_deliveries constant bigint := (select last_value from postbell.delivery_id_seq) + v_room;
    v_events constant bigint := (select last_value from postbell.outbox_id_seq) + v_room;
begin
    execute format('alter table postbell_private.notification attach partition postbell_private.notification_1 for values from (1) to (%s)', v_events);
    execute format('alter table postbell.finished_delivery attach partition postbell.finished_delivery_1 for values from (1) to (%s)', v_deliveries);
    execute format('alter table postbell.attempt attach partition postbell.attempt_1 for values from (1) to (%s)', v_deliveries);
    execute format('alter table postbell.receipt attach partition postbell.receipt_1 for values from (1) to (%s)', v_deliveries);
    execute format('alter table postbell.inbox_item attach partition postbell.inbox_item_1 for values from (1) to (%s)', v_deliveries);
    alter table postbell_private.notification_1 drop constraint if exists id_is_of_the_first_leaf;
    alter table postbell.finished_delivery_1 drop constraint if exists id_is_of_the_first_leaf;
    alter table postbell.finished_delivery_1 drop constraint if exists delivery_is_finished;
    alter table postbell.attempt_1 drop constraint if exists id_is_of_the_first_leaf;
    alter table postbell.receipt_1 drop constraint if exists id_is_of_the_first_leaf;
    alter table postbell.inbox_item_1 drop constraint if exists id_is_of_the_first_leaf;
    insert into postbell_private.leaf (kind, first_id, end_id, began_at, cleaned_to)
    select
        kind, 1, case kind when 'event' then v_events else v_deliveries end,
        coalesce((select created_at from postbell_private.notification_1 order by id limit 1), now()), 1
    from unnest(array['event', 'log', 'inbox']) as kind;
end
$$;
