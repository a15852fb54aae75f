-- What a provider tells of a message, before it is judged.
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
    'One thing that a provider tells. blame: hard if the address is bad for good, soft if for a while, stop if its owner answered so. addresses: whose it may be; they are compared and not kept. identity: that of the delivery, or how it begins; null if it is not known.';

create table postbell.receipt (
    provider text collate "C" not null,
    provider_event_id text collate "C" not null,
    delivery_id bigint references postbell.delivery (id) on delete cascade,
    tenant_id text collate "C",
    provider_message_id text collate "C",

    kind text not null,
    code text,
    reason text,
    detail jsonb not null default '{}',

    occurred_at timestamptz not null,
    received_at timestamptz not null default clock_timestamp(),

    primary key (provider, provider_event_id),
    constraint kind_is_known check (kind in (
        'accepted', 'queued', 'sending', 'sent', 'deferred', 'failed', 'dropped', 'undelivered', 'delivered', 'bounced',
        'opened', 'clicked', 'complained', 'unsubscribed', 'stopped', 'resumed'
    )),
    constraint detail_is_an_object check (jsonb_typeof(detail) = 'object')
);
create index receipt_of_delivery_idx on postbell.receipt (delivery_id);
comment on table postbell.receipt is
    'What came back about a message, append-only: each event of a provider once. Neither texts nor addresses are in it.';
comment on column postbell.receipt.provider is 'Its configured name; postbell for what we see ourselves: bounce mails, opened and clicked.';
comment on column postbell.receipt.provider_event_id is 'The provider''s own id of the event: a repetition is known by it.';
comment on column postbell.receipt.delivery_id is 'Null for a reply to our number, which belongs to no delivery.';
comment on column postbell.receipt.kind is 'See postbell.receipt_kinds.';
comment on column postbell.receipt.occurred_at is 'By the provider''s clock, but never later than we heard of it.';

-- Only what overtook the record of its own sending is in here, for moments; and for an hour what names a message that
-- is none of ours. Addresses in it go with it.
create table postbell_private.early_receipt (
    provider text collate "C" not null,
    provider_event_id text collate "C" not null,
    delivery_id bigint references postbell.delivery (id) on delete cascade,
    provider_message_id text collate "C",

    receipt jsonb not null,
    received_at timestamptz not null default clock_timestamp(),

    primary key (provider, provider_event_id),
    constraint receipt_names_a_message check (num_nonnulls(delivery_id, provider_message_id) > 0)
);
create index early_receipt_of_delivery_idx on postbell_private.early_receipt (delivery_id);
create index early_receipt_of_message_idx on postbell_private.early_receipt (provider_message_id);
comment on table postbell_private.early_receipt is
    'Receipts that came while their message was still being handed over, or before we knew its id. postbell_private.match_receipts() takes them up, or postbell_private.forget_early_receipts() drops them after an hour.';
comment on column postbell_private.early_receipt.received_at is 'When it came first; waiting for its message does not renew it.';

-- One word is a whole reply (CTIA Messaging Principles, 5.1.3.2); case and punctuation do not count.
create table postbell.reply_word (
    word text primary key,
    meaning text not null,

    constraint word_is_upper_case check (word = upper(trim(word)) and word <> ''),
    constraint meaning_is_known check (meaning in ('stop', 'start', 'help'))
);
comment on table postbell.reply_word is 'What people answer to a text message and mean by it. Add the words of your languages.';

insert into postbell.reply_word (word, meaning) values
('STOP', 'stop'), ('STOPALL', 'stop'), ('UNSUBSCRIBE', 'stop'), ('CANCEL', 'stop'), ('END', 'stop'), ('QUIT', 'stop'),
('START', 'start'), ('YES', 'start'), ('UNSTOP', 'start'),
('HELP', 'help'), ('INFO', 'help');
