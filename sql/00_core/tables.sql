create schema if not exists postbell;
comment on schema postbell is
    'Notifications that are part of your transaction. Emit an event by inserting into postbell.outbox; postbell.explain() says what was decided about it, and why.';

create schema if not exists postbell_private;
comment on schema postbell_private is
    'Internal functions and tables, which only Postbell''s own processes use and any version may change. The public contract is schema postbell.';

-- No check constraint: one that reads postbell.channel would break restores. Triggers check the names instead.
create domain postbell.channel_name as text;
comment on domain postbell.channel_name is 'A name of postbell.channel.';

create table postbell.channel (
    name text collate "C" primary key,
    position smallint not null unique,

    address_kind text not null,
    is_outgoing boolean not null,
    is_kept boolean not null,
    is_interrupting boolean not null,
    batch_size smallint not null,
    crash_policy text,
    unknown_timeout interval,

    constraint name_is_lower_case check (name ~ '^[a-z][a-z0-9_]{0,30}$'),
    constraint address_kind_is_known check (address_kind in ('recipient', 'email', 'phone', 'device', 'chat')),
    constraint batch_size_is_positive check (batch_size > 0),
    constraint crash_policy_is_known check (crash_policy in ('send_again', 'await_receipt')),
    constraint only_what_goes_out_can_be_in_doubt check (is_outgoing = (num_nonnulls(crash_policy, unknown_timeout) = 2)),
    constraint what_is_kept_does_not_interrupt check (not (is_kept and is_interrupting))
);
comment on table postbell.channel is 'The channels through which a person can be reached, and their properties. A deploy writes the rows; see sql/00_core/channels.sql.';
comment on column postbell.channel.position is 'The order in which channels are listed.';
comment on column postbell.channel.address_kind is
    'The kind of address that the channel uses: recipient (the person''s id), email, phone, device (any push subscription), or chat.';
comment on column postbell.channel.is_outgoing is 'Whether a provider delivers messages on this channel. Postbell delivers the others itself.';
comment on column postbell.channel.is_kept is
    'Whether the channel keeps messages, as an inbox does. They neither expire nor wait for quiet hours, and muted ones are kept silently.';
comment on column postbell.channel.is_interrupting is 'Whether quiet hours hold back messages on this channel by default.';
comment on column postbell.channel.batch_size is 'The largest number of deliveries in one batch.';
comment on column postbell.channel.crash_policy is
    'What happens to a delivery that was in flight in a crash: send_again (a second copy is recognised or harmless) or await_receipt (its state is unknown until a receipt arrives).';
comment on column postbell.channel.unknown_timeout is 'How long a delivery of unknown outcome waits for a receipt before it becomes a dead letter.';

create domain postbell.priority as text
    constraint priority_is_known check (value in ('low', 'normal', 'high', 'critical'));
comment on domain postbell.priority is 'How urgent an event is. Critical events ignore quiet hours.';
