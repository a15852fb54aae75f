"""What the router asks the database: to lead, to route, to release what is due, to keep house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from dispatcher.db.statement import statement


@dataclass(frozen=True, slots=True)
class PendingWork:
    """What the router has to do, as postbell_private.pending_work() sees it."""

    has_events: bool
    due_in: timedelta | None
    has_fanout: bool

    @property
    def is_due(self) -> bool:
        return self.due_in is not None and self.due_in <= timedelta(0)

    @property
    def is_idle(self) -> bool:
        return not (self.has_events or self.has_fanout or self.is_due)


class Rejected(NamedTuple):
    """How many events were rejected for a reason, and when the last one was."""

    reason: str
    rejected: int
    last_at: datetime


class Leader(NamedTuple):
    """The session that leads the routers; without a process id, none does."""

    process_id: int | None
    is_asleep: bool
    #: When the database was asked.
    at: datetime


@statement("select postbell_private.acquire_leadership()")
def acquire_leadership() -> None:
    """Wait until no other session leads, and lead."""


@statement("listen postbell_wake")
def listen_for_events() -> None:
    """Receive the notifications by which a producer wakes the router."""


@statement("select postbell_private.check_cluster()")
def check_cluster() -> None:
    """Raises ForeignClusterError (PB030) if the database was restored from another cluster."""


@statement("select process_id, is_asleep, now() as at from postbell.leader()")
def leader() -> Leader:
    """Which session leads."""


@statement("select postbell_private.acquire_sleep_lock()")
def acquire_sleep_lock() -> bool:
    """Whether producers wake the router from now on; not while one is in flight that would not."""


@statement("select postbell_private.release_sleep_lock()")
def release_sleep_lock() -> None:
    """Producers need not wake the router any more."""


@statement("select postbell_private.route(%(most)s)")
def route(most: int) -> int:
    """Route up to so many events of the outbox; how many they were, rejected ones included."""


@statement("select postbell_private.release_due(%(most)s)")
def release_due(most: int) -> int:
    """Release up to so many deliveries and events that are due; how many they were."""


@statement("select postbell_private.fan_out(%(most)s)")
def fan_out(most: int) -> int | None:
    """Decide about up to so many members of a large audience; None while the queue is full."""


@statement("select has_events, due_in, has_fanout from postbell_private.pending_work()")
def pending_work() -> PendingWork:
    """What there is to do."""


@statement("select postbell_private.tidy_up()")
def tidy_up() -> None:
    """Delete what is kept no longer."""


@statement("select provider, forgotten from postbell_private.forget_early_receipts()")
def forget_early_receipts() -> dict[str, int]:
    """Drop receipts that named a message which is none of ours; how many of each provider."""


@statement("select postbell_private.sweep()")
def sweep() -> int:
    """Give batches without a job another one; how many there were."""


@statement("select reason, rejected, last_at from postbell_private.rejected_since(%(since)s)")
def rejected_since(since: datetime) -> list[Rejected]:
    """Events rejected since then, by reason."""


@statement("select postbell_private.analyze_grown_tables()")
def analyze_grown_tables() -> int:
    """Analyze the tables that have outgrown their statistics; how many they were."""


@statement("select postbell_private.truncate_outbox(%(keep_days)s)")
def truncate_outbox(keep_days: int) -> int:
    """Empty the leaves of the outbox that are older; how many were emptied."""
