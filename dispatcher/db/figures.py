"""What there is, counted: the queue, deliveries, rejections, dead letters, providers."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from dispatcher.db.statement import statement


class Queued(NamedTuple):
    """What is not settled, of a channel and priority."""

    channel: str
    priority: str
    queued: int
    waiting: int
    queued_since: datetime | None
    next_due_at: datetime | None


class TenantQueued(NamedTuple):
    """What is not settled, of a tenant, channel and priority."""

    tenant_id: str
    channel: str
    priority: str
    queued: int
    waiting: int
    queued_since: datetime | None
    next_due_at: datetime | None


class Waiting(NamedTuple):
    """Deliveries that wait for the same."""

    reason: str
    event: str
    channel: str
    deliveries: int
    next_due_at: datetime


class Undecided(NamedTuple):
    """Events that are not decided about for all their people yet."""

    scheduled: int
    #: When the next scheduled one is due.
    next_due_at: datetime | None
    #: Large audiences that are being told.
    being_fanned_out: int


class StateCount(NamedTuple):
    """Deliveries of a channel in a state."""

    channel: str
    state: str
    deliveries: int


class RejectionCount(NamedTuple):
    """Events rejected for a reason."""

    reason: str
    events: int


class EventRejections(NamedTuple):
    """Events of one kind rejected for a reason, within a day."""

    reason: str
    event: str | None
    events: int
    last_at: datetime


class DeadCount(NamedTuple):
    """Deliveries given up on, of an event and a channel."""

    event: str
    channel: str
    deliveries: int
    since: datetime


class TenantDead(NamedTuple):
    """Deliveries given up on, of a tenant, an event and a channel."""

    tenant_id: str
    event: str
    channel: str
    deliveries: int
    last_at: datetime


class ProviderReport(NamedTuple):
    """How a provider is doing, as one running dispatcher sees it."""

    provider: str
    channel: str
    state: str
    reason: str | None
    changed_at: datetime
    opens_at: datetime | None
    process: str


class ProviderChoice(NamedTuple):
    """A provider that a tenant chose for a channel."""

    tenant_id: str
    channel: str
    provider: str


class Figures(NamedTuple):
    """A channel: on one day, of all events together; or of one event, on all days together."""

    day: date | None
    event: str | None
    channel: str
    wanted: int
    skipped: int
    pending: int
    sent: int
    delivered: int
    bounced: int
    failed: int
    opened: int
    clicked: int
    read: int


class ChannelHealth(NamedTuple):
    """A line of postbell.analytics_channel_health; without a provider, of the whole channel."""

    channel: str
    provider: str | None
    #: hour or day.
    period: str
    attempts: int
    sent: int
    retried: int
    refused: int
    failed: int
    unknown: int
    share_of_failures: float | None
    median_ms: float | None
    p99_ms: float | None
    last_at: datetime | None
    suppressed: int | None
    newly_suppressed: int | None


class TextFault(NamedTuple):
    """A text of the database that is not used, or could not be for some message."""

    tenant_id: str | None
    path: str
    version: int
    fault: str
    instead: str | None
    found_at: datetime


class TenantName(NamedTuple):
    id: str
    name: str


class EventName(NamedTuple):
    key: str
    label: str


@statement(
    """
    select
        channel, priority,
        coalesce(sum(queued), 0)::bigint as queued,
        coalesce(sum(waiting), 0)::bigint as waiting,
        min(oldest_at) filter (where queued is not null) as queued_since,
        min(oldest_at) filter (where waiting is not null) as next_due_at
    from postbell.queue_depth
    where channel is not null
    group by channel, priority
    order by channel, array_position(array['critical', 'high', 'normal', 'low'], priority)
    """
)
def queued() -> list[Queued]:
    """How much is queued and how much waits, by channel and priority."""


@statement(
    "select tenant_id, channel, priority,"
    " coalesce(sum(queued), 0)::bigint as queued, coalesce(sum(waiting), 0)::bigint as waiting,"
    " min(oldest_at) filter (where queued is not null) as queued_since,"
    " min(oldest_at) filter (where waiting is not null) as next_due_at"
    " from postbell.queue_depth where channel is not null group by tenant_id, channel, priority"
    " order by queued_since nulls last, tenant_id, channel, priority"
)
def queued_by_tenant() -> list[TenantQueued]:
    """The same of each tenant, those that are queued longest first."""


# The table of what waits, because postbell.queue_depth has neither reason nor event.
@statement(
    """
    select
        log.reason, log.event, log.channel,
        count(*) as deliveries, min(waiting.due_at) as next_due_at
    from postbell.waiting_delivery as waiting
    join postbell.delivery_log as log on log.delivery_id = waiting.delivery_id and log.has_row
    group by log.reason, log.event, log.channel
    order by deliveries desc, log.reason, log.event, log.channel
    limit 10
    """
)
def waiting() -> list[Waiting]:
    """What deliveries wait for, most of them first: the ten most frequent."""


@statement(
    """
    select
        coalesce(sum(scheduled), 0)::bigint as scheduled,
        min(oldest_at) filter (where scheduled is not null) as next_due_at,
        coalesce(sum(being_fanned_out), 0)::bigint as being_fanned_out
    from postbell.queue_depth
    """
)
def undecided() -> Undecided:
    """How many events are scheduled, for when the next, and how many audiences are being told."""


@statement(
    """
    select channel, state, count(*) as deliveries
    from postbell.delivery_log
    where created_at >= %(since)s
    group by channel, state
    order by channel, state
    """
)
def deliveries_since(since: datetime) -> list[StateCount]:
    """Deliveries of events emitted since then, by channel and state."""


@statement(
    """
    select reason, count(*) as events
    from postbell.rejected_events
    where created_at >= %(since)s
    group by reason
    order by reason
    """
)
def rejections_since(since: datetime) -> list[RejectionCount]:
    """Events rejected since then, by reason."""


@statement(
    "select reason, event, count(*) as events, max(created_at) as last_at"
    " from postbell.rejected_events"
    " where created_at >= postbell.clock() - interval '1 day'"
    " group by reason, event order by last_at desc"
)
def rejections_of_a_day() -> list[EventRejections]:
    """Events rejected within a day, by reason and event, the latest first."""


@statement(
    """
    select event, channel, count(*) as deliveries, min(died_at) as since
    from postbell.dead_letters
    group by event, channel
    order by event, channel
    """
)
def dead() -> list[DeadCount]:
    """Deliveries given up on, by event and channel."""


@statement(
    "select tenant_id, event, channel, count(*) as deliveries, max(died_at) as last_at"
    " from postbell.dead_letters group by tenant_id, event, channel"
    " order by last_at desc"
)
def dead_by_tenant() -> list[TenantDead]:
    """Deliveries given up on, by tenant, event and channel, the latest first."""


@statement(
    """
    select provider, channel, state, reason, changed_at, opens_at, process
    from postbell.providers
    order by channel, provider, process
    """
)
def providers() -> list[ProviderReport]:
    """How the providers of each running dispatcher are doing."""


@statement(
    """
    select tenant_id, channel, provider
    from postbell.provider_choice
    order by tenant_id, channel, position
    """
)
def provider_choices() -> list[ProviderChoice]:
    """Each provider that a tenant chose."""


@statement(
    """
    select
        day, event, channel,
        sum(wanted)::bigint as wanted, sum(skipped)::bigint as skipped,
        sum(pending)::bigint as pending, sum(sent)::bigint as sent,
        sum(delivered)::bigint as delivered, sum(bounced)::bigint as bounced,
        sum(failed)::bigint as failed, sum(opened)::bigint as opened,
        sum(clicked)::bigint as clicked, sum(read)::bigint as read
    from postbell.analytics_daily
    where day > coalesce(%(until)s::date, postbell.clock()::date) - %(days)s::integer
      and day <= coalesce(%(until)s::date, postbell.clock()::date + 1)
      and (%(tenant)s::text is null or tenant_id = %(tenant)s)
      and (%(event)s::text is null or event = %(event)s)
    group by grouping sets ((day, channel), (event, channel))
    order by day, event, channel
    """
)
def days(days: int, *, until: date | None, tenant: str | None, event: str | None) -> list[Figures]:
    """What became of the events of so many days, the last of which is `until`, or today.

    By day and channel, and by event and channel.
    """


@statement(
    "select channel, provider, period, attempts, sent, retried, refused, failed, unknown,"
    " share_of_failures::float8 as share_of_failures, median_ms, p99_ms, last_at, suppressed,"
    " newly_suppressed"
    " from postbell.analytics_channel_health"
    " where attempts > 0 or provider is null"
    " order by period desc, channel, provider nulls first"
)
def channel_health() -> list[ChannelHealth]:
    """Every channel, and each of its providers that was called, over the last hour and day."""


@statement(
    "select tenant_id, path, version, fault, instead, found_at"
    " from postbell.texts where fault is not null order by found_at desc limit %(most)s"
)
def text_faults(most: int) -> list[TextFault]:
    """Texts that dispatchers could not use, the latest first."""


@statement("select id, name from postbell.tenant order by name, id")
def tenant_names() -> list[TenantName]:
    """All tenants."""


@statement("select key, label from postbell.event_type order by key")
def event_names() -> list[EventName]:
    """All events."""
