-- A receipt, before it is classified.
create type postbell_private.incoming_receipt as (
    event_id text,
    delivery_id bigint,
    message_id text,
    kind text,
    occurred_at timestamptz,
    code text,
    reason text,
    detail jsonb,
    blame text,
    addresses text[],
    identity text
);
comment on type postbell_private.incoming_receipt is
    'One receipt of a provider. blame: hard if the address is invalid for good, soft if for a while, stop if its owner answered STOP. addresses: the addresses it may be about, which are compared and not stored. identity: that of the delivery, or a prefix of it; null if unknown.';

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

-- A receipt stays for moments, if it overtook the record of its attempt, or for an hour, if its message is unknown.
-- Its addresses are deleted with it.
create table postbell_private.early_receipt (
    provider text collate "C" not null,
    provider_event_id text collate "C" not null,
    delivery_id bigint,
    provider_message_id text collate "C",

    receipt jsonb not null,
    received_at timestamptz not null default clock_timestamp(),

    primary key (provider, provider_event_id),
    constraint receipt_names_a_message check (num_nonnulls(delivery_id, provider_message_id) > 0)
);
create index early_receipt_of_delivery_idx on postbell_private.early_receipt (delivery_id);
create index early_receipt_of_message_idx on postbell_private.early_receipt (provider_message_id);
comment on table postbell_private.early_receipt is
    'Receipts that arrived while their message was being sent, or before its id was recorded. postbell_private.match_receipts() processes them; postbell_private.forget_early_receipts() deletes them after an hour.';
comment on column postbell_private.early_receipt.received_at is 'When it first arrived.';

-- A reply of one word counts (CTIA Messaging Principles, 5.1.3.2), whatever its case and punctuation.
create table postbell.reply_word (
    word text primary key,
    meaning text not null,

    constraint word_is_upper_case check (word = upper(trim(word)) and word <> ''),
    constraint meaning_is_known check (meaning in ('stop', 'start', 'help'))
);
comment on table postbell.reply_word is 'Replies to text messages and their meaning. Add the words of your languages.';

insert into postbell.reply_word (word, meaning) values
('STOP', 'stop'), ('STOPALL', 'stop'), ('UNSUBSCRIBE', 'stop'), ('CANCEL', 'stop'), ('END', 'stop'), ('QUIT', 'stop'),
('START', 'start'), ('YES', 'start'), ('UNSTOP', 'start'),
('HELP', 'help'), ('INFO', 'help');
