create schema if not exists postbell;
comment on schema postbell is
    'Notifications as part of your transaction. Emit by inserting into postbell.outbox; ask postbell.explain why and why not.';

create schema if not exists postbell_private;
comment on schema postbell_private is
    'What only Postbell''s own processes use: functions and tables that may change with any version. postbell has what is for others.';

-- No check: who sets a channel asks postbell.channel, and a check that reads a table breaks restores.
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
    constraint address_kind_is_known check (address_kind in ('recipient', 'email', 'phone', 'device')),
    constraint batch_size_is_positive check (batch_size > 0),
    constraint crash_policy_is_known check (crash_policy in ('send_again', 'await_receipt')),
    constraint only_what_goes_out_can_be_in_doubt check (is_outgoing = (num_nonnulls(crash_policy, unknown_timeout) = 2)),
    constraint what_is_kept_does_not_interrupt check (not (is_kept and is_interrupting))
);
comment on table postbell.channel is 'The ways to reach a person, and what is true of each. A deploy writes the rows; see sql/00_core/channels.sql.';
comment on column postbell.channel.position is 'The order in which channels are listed.';
comment on column postbell.channel.address_kind is
    'Which address of a person it uses: recipient (the person''s own id), email, phone, or device (any push subscription).';
comment on column postbell.channel.is_outgoing is 'Whether a provider delivers it. Postbell writes the others itself.';
comment on column postbell.channel.is_kept is
    'Whether it is a record for later: it never expires or waits for quiet hours, and what is muted is kept silently.';
comment on column postbell.channel.is_interrupting is 'Whether quiet hours hold it back unless the person says otherwise.';
comment on column postbell.channel.batch_size is 'The most deliveries that one queue job carries.';
comment on column postbell.channel.crash_policy is
    'What becomes of a delivery that was in flight in a crash: send_again (a second copy is recognised or harmless) or await_receipt (it is unknown until the provider says).';
comment on column postbell.channel.unknown_timeout is 'How long a delivery of unknown outcome waits for its provider before it is a dead letter.';

create domain postbell.priority as text
    constraint priority_is_known check (value in ('low', 'normal', 'high', 'critical'));
comment on domain postbell.priority is 'How urgent an event is. Critical passes quiet hours.';
