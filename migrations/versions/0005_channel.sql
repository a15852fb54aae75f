-- The table takes the domain's name: every table has a type of its own name.
alter domain postbell.channel rename to channel_name;
alter domain postbell.channel_name drop constraint channel_is_known;
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

alter table postbell.event_type
    drop constraint default_channels_have_templates,
    drop constraint forced_channels_are_known,
    drop constraint channels_are_known;
alter table postbell.tenant drop constraint disabled_channels_are_known;
alter table postbell.tenant_event drop constraint default_channels_are_known;
alter table postbell.quiet_hours
    drop constraint channels_can_wait,
    alter column channels drop default;
comment on column postbell.quiet_hours.channels is
    'Channels that hold their tongue; by default those that interrupt. What is kept never has to.';
