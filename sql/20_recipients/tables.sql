create table postbell.tenant (
    id text collate "C" primary key,
    name text not null,

    base_url text not null,
    currency text not null default 'EUR',
    locale text not null default 'en',
    time_zone text not null default 'UTC',
    branding jsonb not null default '{}',
    branding_version integer not null default 1,

    disabled_channels text[] not null default '{}',
    tracking text[] not null default '{}',
    created_at timestamptz not null default now(),

    constraint id_is_short check (length(id) between 1 and 255 and octet_length(id) <= 600),
    constraint base_url_is_absolute check (base_url ~ '^https?://[^/\s]+'),
    constraint currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$'),
    constraint tracking_is_of_opens_and_clicks check (tracking <@ array['opens', 'clicks']),
    constraint branding_is_an_object check (jsonb_typeof(branding) = 'object')
);
comment on table postbell.tenant is 'A tenant: a website of the application.';
comment on column postbell.tenant.id is 'At most 255 characters and 600 bytes, so that an index entry (2,704 bytes) has room for it and two more ids of 255 characters.';
comment on column postbell.tenant.base_url is 'The base of links in messages.';
comment on column postbell.tenant.currency is 'The currency of amounts whose payload names none, by ISO 4217.';
comment on column postbell.tenant.locale is 'The locale of recipients who have none.';
comment on column postbell.tenant.time_zone is 'The time zone of recipients who have none, by its IANA name.';
comment on column postbell.tenant.branding is 'from_name, from_address and colours, which templates read as tenant.branding.';
comment on column postbell.tenant.branding_version is 'The number of the current branding. Former ones are in postbell.branding_version.';
comment on column postbell.tenant.disabled_channels is 'Channels that this tenant does not use.';
comment on column postbell.tenant.tracking is 'What is tracked in e-mails: opens, clicks. Empty by default; people who refuse tracking are never tracked.';

-- The default tenant exists from the start, so that an application with one website need not use tenants.
insert into postbell.tenant (id, name, base_url) values ('default', 'Postbell', 'http://localhost:8000');

create table postbell.tenant_event (
    tenant_id text collate "C" not null references postbell.tenant (id) on delete cascade,
    event text collate "C" not null references postbell.event_type (key) on delete cascade,

    default_channels text[],
    disabled_at timestamptz,

    primary key (tenant_id, event)
);
create index tenant_event_of_event_idx on postbell.tenant_event (event);
comment on table postbell.tenant_event is 'A tenant''s settings of an event that differ from its defaults.';
comment on column postbell.tenant_event.default_channels is 'Replaces the default channels of the event; null keeps them.';
comment on column postbell.tenant_event.disabled_at is 'Set to stop the event for this tenant.';

create table postbell.recipient (
    tenant_id text collate "C" not null references postbell.tenant (id),
    id text collate "C" not null,

    email text,
    phone text,
    locale text,
    time_zone text,
    attributes jsonb not null default '{}',

    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    tracking_refused_at timestamptz,
    erased_at timestamptz,
    chat text,
    pinned_items bigint[] not null default '{}',

    primary key (tenant_id, id),
    constraint id_is_short check (length(id) between 1 and 255),
    constraint addresses_are_short check (greatest(length(email), length(phone), length(locale)) <= 255),
    constraint chat_is_a_secure_address check (chat ~ '^https://[!-~]+$' and length(chat) <= 1000),
    constraint attributes_are_an_object check (jsonb_typeof(attributes) = 'object'),
    constraint pinned_items_are_few check (cardinality(pinned_items) <= 20)
);
create index recipient_email_idx on postbell.recipient (lower(trim(email)));
comment on table postbell.recipient is 'A person who can be notified, by the application''s own id.';
comment on column postbell.recipient.phone is 'The phone number in E.164 format, such as +33612345678.';
comment on column postbell.recipient.chat is
    'The https:// address of an incoming webhook of Slack, Mattermost or Discord. It is a secret: whoever knows it can write there.';
comment on column postbell.recipient.locale is 'The locale by BCP 47, such as fr-CA; null for the tenant''s.';
comment on column postbell.recipient.time_zone is 'The IANA time zone, such as Europe/Paris. If it is null or unknown, the tenant''s is used.';
comment on column postbell.recipient.attributes is 'Values that templates read as recipient.attributes.';
comment on column postbell.recipient.tracking_refused_at is 'Since when the person refuses tracking of opened e-mails and followed links; see postbell.refuse_tracking().';
comment on column postbell.recipient.pinned_items is
    'The inbox items that the person keeps on top, the last pinned first. Here and not in postbell.inbox_item, where finding them would need an index in each partition.';

create table postbell.recipient_role (
    tenant_id text collate "C" not null,
    role text collate "C" not null,
    recipient_id text collate "C" not null,

    primary key (tenant_id, role, recipient_id),
    constraint role_is_short check (length(role) between 1 and 255),
    foreign key (tenant_id, recipient_id) references postbell.recipient (tenant_id, id) on delete cascade
);
create index recipient_role_of_recipient_idx on postbell.recipient_role (tenant_id, recipient_id);
comment on table postbell.recipient_role is 'The roles of recipients. The audience {"role": "support"} addresses everybody with a role.';

create table postbell.topic_member (
    tenant_id text collate "C" not null,
    topic text collate "C" not null,
    recipient_id text collate "C" not null,

    joined_at timestamptz not null default now(),

    primary key (tenant_id, topic, recipient_id),
    constraint topic_is_short check (length(topic) between 1 and 255),
    foreign key (tenant_id, recipient_id) references postbell.recipient (tenant_id, id) on delete cascade
);
create index topic_member_of_recipient_idx on postbell.topic_member (tenant_id, recipient_id);
comment on table postbell.topic_member is 'The members of topics. The audience {"topic": "thread:7"} addresses all members of a topic.';

-- A browser's subscription of the Push API. It belongs to the person who used the browser last.
create table postbell.push_subscription (
    id bigint generated always as identity primary key,
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,

    endpoint text collate "C" not null,
    p256dh text collate "C" not null,
    auth text collate "C" not null,
    user_agent text,

    created_at timestamptz not null default now(),
    last_reached_at timestamptz,

    foreign key (tenant_id, recipient_id) references postbell.recipient (tenant_id, id) on delete cascade,
    constraint endpoint_is_an_https_address check (endpoint ~ '^https://[^/?#@\\[:space:]]+/[!-~]*$' and length(endpoint) <= 2000),
    constraint p256dh_is_a_point_in_base64url check (p256dh ~ '^B[A-Za-z0-9_-]{86}$'),
    constraint auth_is_16_bytes_in_base64url check (auth ~ '^[A-Za-z0-9_-]{22}$'),
    constraint user_agent_is_short check (length(user_agent) <= 500)
);
create unique index push_subscription_endpoint_idx on postbell.push_subscription (tenant_id, endpoint);
create index push_subscription_of_recipient_idx on postbell.push_subscription (tenant_id, recipient_id);
comment on table postbell.push_subscription is 'A browser''s push subscription. It is deleted when its push service reports that it is gone.';
comment on column postbell.push_subscription.endpoint is 'PushSubscription.endpoint, the URL to which messages are sent. Treat it as a secret.';
comment on column postbell.push_subscription.p256dh is 'PushSubscription.getKey("p256dh"), base64url: the public key to which messages are encrypted (RFC 8291).';
comment on column postbell.push_subscription.auth is 'PushSubscription.getKey("auth"), base64url: a secret shared with the browser.';
comment on column postbell.push_subscription.user_agent is 'The browser''s User-Agent, by which people tell their devices apart.';
comment on column postbell.push_subscription.last_reached_at is 'When its push service last accepted a message, to the hour.';

-- Only explicit choices are stored. A default copied into a row would outrank a choice that the person makes later.
create table postbell.preference (
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    channel postbell.channel_name,
    category text collate "C",
    event text collate "C",

    enabled boolean not null,
    updated_at timestamptz not null default now(),

    foreign key (tenant_id, recipient_id) references postbell.recipient (tenant_id, id) on delete cascade,
    constraint category_and_event_are_not_both_named check (category is null or event is null)
);
create unique index preference_choice_idx on postbell.preference (tenant_id, recipient_id, channel, category, event) nulls not distinct;
comment on table postbell.preference is 'What a person switched on or off. A null channel, category or event stands for all.';

create table postbell.mute (
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    category text collate "C",
    event text collate "C",
    subject text collate "C",

    until timestamptz not null default 'infinity',
    muted_at timestamptz not null default now(),

    foreign key (tenant_id, recipient_id) references postbell.recipient (tenant_id, id) on delete cascade,
    constraint at_most_one_thing_is_named check (num_nonnulls(category, event, subject) <= 1),
    constraint what_is_named_is_short check (length(coalesce(category, event, subject)) <= 255)
);
create unique index mute_choice_idx on postbell.mute (tenant_id, recipient_id, category, event, subject) nulls not distinct;
comment on table postbell.mute is 'What a person has muted; without a category, event or subject, everything. The inbox keeps muted items without counting them as unread; other channels do not send them, then or later.';
comment on column postbell.mute.until is 'When the mute ends; infinity for never.';

create table postbell.quiet_hours (
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    day smallint not null,

    starts time not null,
    ends time not null,
    time_zone text,
    channels text[] not null,

    primary key (tenant_id, recipient_id, day),
    foreign key (tenant_id, recipient_id) references postbell.recipient (tenant_id, id) on delete cascade,
    constraint day_is_iso_8601 check (day between 1 and 7)
);
comment on table postbell.quiet_hours is 'Do-not-disturb windows, one for each weekday on which one starts, in local time. Deliveries wait for the end of the window.';
comment on column postbell.quiet_hours.day is 'The weekday on which the window starts: 1 is Monday, 7 is Sunday (ISO 8601).';
comment on column postbell.quiet_hours.ends is 'The local time at which the window ends: on the next day if not after starts. If equal to starts, the window lasts a whole day.';
comment on column postbell.quiet_hours.time_zone is 'The IANA time zone of the window; null for that of the person (postbell.recipient.time_zone).';
comment on column postbell.quiet_hours.channels is 'The channels that the window holds back; by default those that interrupt. Channels that keep messages cannot be held back.';

-- The certificate of an erasure. It has no personal data and is kept for ever.
create table postbell.erasure (
    id uuid primary key default gen_random_uuid(),
    tenant_id text collate "C" not null,
    pseudonym text collate "C" generated always as ('erased:' || id::text) stored,

    removed jsonb not null default '{}',
    erased_by text not null default session_user,
    erased_at timestamptz not null default now(),
    completed_at timestamptz,
    forgiven_at timestamptz,

    constraint removed_is_an_object check (jsonb_typeof(removed) = 'object')
);
comment on table postbell.erasure is 'Certificates of erasures, by postbell.erase_recipient(). They have no personal data.';
comment on column postbell.erasure.pseudonym is 'Stands in place of the person''s id in postbell.delivery_log, so that figures stay. Random; nothing leads from it to the person.';
comment on column postbell.erasure.removed is 'How many rows were deleted or emptied, by table: {"inbox_item": 12}; and how many deliveries were cancelled.';
comment on column postbell.erasure.erased_by is 'The login role that called postbell.erase_recipient().';
comment on column postbell.erasure.completed_at is 'When nothing of the person was left; null while housekeeping looks through the log.';
comment on column postbell.erasure.forgiven_at is 'When the person was brought back, by postbell.upsert_recipient(…, forgive => true).';

-- For hashes of what must be recognised and not be known: ids of erased persons, their suppressed addresses.
create table postbell_private.erasure_salt (
    is_the_only_one boolean primary key default true,
    salt bytea not null,

    constraint there_is_one_salt check (is_the_only_one)
);
comment on table postbell_private.erasure_salt is 'A random value of this installation, in every hash of postbell_private.salted_hash(). The first erasure creates it.';

create table postbell_private.erased_person (
    digest bytea primary key,
    erasure_id uuid not null unique references postbell.erasure (id)
);
comment on table postbell_private.erased_person is 'Erased persons, who are not made recipients again by mistake: salted hashes of tenant and id.';

create table postbell_private.hashed_suppression (
    tenant_id text collate "C" not null references postbell.tenant (id) on delete cascade,
    channel postbell.channel_name not null,
    digest bytea not null,

    reason text not null,
    suppressed_at timestamptz not null,
    expires_at timestamptz not null,

    primary key (tenant_id, channel, digest)
);
comment on table postbell_private.hashed_suppression is 'Suppressed addresses of erased persons, as salted hashes. If somebody gets such an address, it is in postbell.suppression again.';

create table postbell_private.hashed_stop (
    provider text collate "C" not null,
    channel postbell.channel_name not null,
    digest bytea not null,

    said_at timestamptz not null,

    primary key (provider, channel, digest)
);
comment on table postbell_private.hashed_stop is 'Addresses of erased persons that answered STOP to a number, as salted hashes. See postbell_private.stop.';

create table postbell_private.open_erasure (
    erasure_id uuid primary key references postbell.erasure (id),
    tenant_id text collate "C" not null,
    recipient_id text collate "C" not null,
    pseudonym text collate "C" not null,

    addresses text[] not null,
    awaits xid8,
    scan_began_at timestamptz,
    scanned_at timestamptz
);
comment on table postbell_private.open_erasure is 'Erasures that are not completed: housekeeping looks for what is left of the person. The row goes with the last of it.';
comment on column postbell_private.open_erasure.addresses is 'The person''s e-mail address, phone number and chat address, in lower case.';
comment on column postbell_private.open_erasure.awaits is 'Transactions before this one were open beside the erasure, and may write about the person. The scan begins when they are routed.';
comment on column postbell_private.open_erasure.scanned_at is 'When the scan had passed every table.';

-- Without a foreign key, to be cheap: there may be ten thousands, and they go with the row of the erasure.
create table postbell_private.erased_event (
    erasure_id uuid not null,
    event_id bigint not null,

    primary key (erasure_id, event_id)
);
comment on table postbell_private.erased_event is 'Events that were for nobody but the person of an open erasure. Their copies are erased wherever they are.';

create table postbell_private.erasure_scan (
    is_the_only_one boolean primary key default true,
    part smallint not null default 1,
    block bigint not null default 0,
    filenode oid,

    constraint there_is_one_scan check (is_the_only_one)
);
comment on table postbell_private.erasure_scan is 'How far the scan of postbell_private.continue_erasures() is.';
comment on column postbell_private.erasure_scan.part is 'The table that is being scanned, by its place in postbell_private.scanned_tables().';
comment on column postbell_private.erasure_scan.block is 'The first block that is not scanned yet.';
comment on column postbell_private.erasure_scan.filenode is 'The file of the table. If it changes, the table was rewritten, and its scan begins anew.';
