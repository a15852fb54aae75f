"""Statements of the router: leadership, routing, releasing due deliveries, housekeeping."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from dispatcher.db.statement import statement


@dataclass(frozen=True, slots=True)
class PendingWork:
    """Whether the router has anything to do, as postbell_private.pending_work() returns it."""

    has_events: bool
    #: Until the next delivery or event is due, negative if it is overdue; None if none waits.
    due_in: timedelta | None
    has_fanout: bool
    #: Committed cancellations that take_back_items() has not applied.
    has_cancellations: bool

    @property
    def is_due(self) -> bool:
        return self.due_in is not None and self.due_in <= timedelta(0)

    @property
    def is_idle(self) -> bool:
        return not (self.has_events or self.has_fanout or self.has_cancellations or self.is_due)


class Rejected(NamedTuple):
    """The number of events rejected for one reason, and the time of the latest."""

    reason: str
    rejected: int
    last_at: datetime


class Leader(NamedTuple):
    """The session of the leading router; `process_id` is None if no router leads."""

    process_id: int | None
    is_asleep: bool
    #: The database's time of the query.
    at: datetime


@statement("select postbell_private.acquire_leadership()")
def acquire_leadership() -> None:
    """Wait until no other session leads, then take the leadership."""


@statement("listen postbell_wake")
def listen_for_events() -> None:
    """Listen on the channel by which producers wake the router."""


@statement("select postbell_private.check_cluster()")
def check_cluster() -> None:
    """Raises ForeignClusterError (PB030) if the database was restored from another cluster."""


@statement("select process_id, is_asleep, now() as at from postbell.leader()")
def leader() -> Leader:
    """The leading session."""


@statement("select postbell_private.acquire_sleep_lock()")
def acquire_sleep_lock() -> bool:
    """Ask producers to wake the router from now on. Returns whether it may sleep.

    It may not while a producer that sends no NOTIFY has an open transaction.
    """


@statement("select postbell_private.release_sleep_lock()")
def release_sleep_lock() -> None:
    """Tell producers that they need not wake the router any more."""


class Chunk(NamedTuple):
    """What postbell_private.read_chunk() reads."""

    events: int
    #: The router's step from which these events are routed; None if there is nothing to route.
    step: str | None
    #: The step after it.
    next_step: str | None
    #: What AheadRenderer.render() takes; None if there is nothing to render.
    messages: list[Any] | None


@statement(
    "select events, step, next_step, messages"
    " from postbell_private.read_chunk(%(most)s, %(after_step)s, %(few)s)"
)
def read_chunk(most: int, after_step: str | None = None, few: int = 0) -> Chunk:
    """Read what the next events need to be rendered.

    `after_step`, the `next_step` of a chunk, reads on before that chunk is routed. Of up to `few`
    events, the messages that providers deliver are read, too.
    """


#: By channel, the seconds since its event was emitted of each delivery that was written.
Ages: TypeAlias = dict[str, Any]


class Routed(NamedTuple):
    """The result of postbell_private.route()."""

    #: Events, rejected ones included.
    routed: int
    #: Claimed batches without a queue job, which the caller delivers; None if there are none. Each
    #: has a `batch_id`, a `channel` and `deliveries`, of which batches.Claimed.of() makes rows.
    claimed: list[dict[str, Any]] | None
    #: None if nothing was written.
    ages: Ages | None


@statement(
    "select routed, claimed, ages from postbell_private.route("
    "%(most)s, %(room)s, %(read_step)s, %(contents)s)"
)
def route(
    most: int, room: str | None = None, read_step: str | None = None, contents: str | None = None
) -> Routed:
    """Route up to `most` events of the outbox.

    `room` is a JSON object: by channel, how many batches the caller can deliver itself. `read_step`
    is the `step` of a chunk, and `contents` its rendered messages.
    """


@statement("select postbell_private.read_due(%(most)s)")
def read_due(most: int) -> list[Any] | None:
    """The messages of what is due, to be rendered; see Chunk."""


class Released(NamedTuple):
    """The result of postbell_private.release_due()."""

    released: int
    ages: Ages | None


@statement("select released, ages from postbell_private.release_due(%(most)s, %(contents)s)")
def release_due(most: int, contents: str | None = None) -> Released:
    """Release up to `most` due deliveries and events. `contents` as for route()."""


class FanoutChunk(NamedTuple):
    """What postbell_private.read_fanout() reads."""

    #: The event; None if no audience is read ahead.
    notification_id: int | None
    #: The last member of this chunk; None if there are no more.
    last_recipient: str | None
    #: What AheadRenderer.render() takes; None if there is nothing to render.
    messages: list[Any] | None


@statement(
    "select notification_id, last_recipient, messages"
    " from postbell_private.read_fanout(%(most)s, %(after_notification)s, %(after_recipient)s)"
)
def read_fanout(
    most: int, after_notification: int | None = None, after_recipient: str | None = None
) -> FanoutChunk:
    """The next members of a large audience, to be rendered.

    After the event and the last member of a chunk, it reads on while that one is written.
    """


class FannedOut(NamedTuple):
    """The result of postbell_private.fan_out()."""

    #: People; 0 if there is no large audience, None while the queue has no room.
    reached: int | None
    ages: Ages | None


@statement("select reached, ages from postbell_private.fan_out(%(most)s, %(contents)s)")
def fan_out(most: int, contents: str | None = None) -> FannedOut:
    """Decide about up to `most` members of one large audience. `contents` as for route()."""


@statement(
    "select has_events, due_in, has_fanout, has_cancellations from postbell_private.pending_work()"
)
def pending_work() -> PendingWork:
    """What the router has to do now."""


@statement("select postbell_private.take_back_items()")
def take_back_items() -> bool:
    """Remove the items that were written while they were being cancelled.

    Returns False if some are locked.
    """


@statement("select postbell_private.tidy_up()")
def tidy_up() -> None:
    """Delete rows whose retention has ended."""


@statement("select provider, forgotten from postbell_private.forget_early_receipts()")
def forget_early_receipts() -> dict[str, int]:
    """Drop receipts whose message id is unknown after an hour. Returns their number by provider."""


@statement("select postbell_private.sweep(%(grace)s)")
def sweep(grace: timedelta) -> int:
    """Create a job for each batch that has none and was neither made nor claimed within `grace`.

    Returns their number.
    """


@statement("select reason, rejected, last_at from postbell_private.rejected_since(%(since)s)")
def rejected_since(since: datetime) -> list[Rejected]:
    """The events rejected since a time, by reason."""


@statement("select postbell_private.analyze_grown_tables()")
def analyze_grown_tables() -> int:
    """Analyze the tables that have outgrown their statistics. Returns their number."""


@statement("select postbell_private.analyze_parent()")
def analyze_parent() -> bool:
    """Analyze a partitioned table, each once a day. Returns whether one was due."""


@statement("select postbell_private.apply_retention(%(kind)s)")
def apply_retention(kind: str) -> bool:
    """Remove some of what is older than its retention. Returns whether there may be more."""


@statement("select postbell_private.truncate_outbox(%(keep_days)s)")
def truncate_outbox(keep_days: int) -> int:
    """Truncate the routed partitions of the outbox older than `keep_days`. Returns their number.

    A partition that a producer is writing to is left for the next time.
    """
