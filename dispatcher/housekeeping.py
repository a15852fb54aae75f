"""What the leader does twice a minute: sweep, count, tidy up, remove what is old."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import psycopg
import structlog
from psycopg import AsyncConnection

from dispatcher.db import routing
from dispatcher.db.connections import Pool
from dispatcher.steps import StepObserver, Steps

log = structlog.get_logger()

#: Seconds between rounds.
INTERVAL = 30.0

#: What is kept for a time of its own; see postbell.retention.
KINDS = ("event", "log", "inbox")

#: How often old rows of a kind are removed in a round, some at a time.
MOST_REMOVALS = 20


class HousekeepingObserver(StepObserver, Protocol):
    """Observes housekeeping (metrics)."""

    def rejected(self, reason: str, count: int = 1) -> None: ...

    def received(self, provider: str, result: str, count: int = 1) -> None: ...


class Housekeeping:
    """Rounds of housekeeping, on the leader's session.

    `keep_days` is how long routed events stay in the outbox, `lease` how long a batch without a
    queue job may go without a sign of life. Without a `pool` nothing old is removed.
    """

    def __init__(
        self,
        observer: HousekeepingObserver,
        steps: Steps,
        *,
        keep_days: int,
        lease: timedelta,
        pool: Pool | None,
    ) -> None:
        self._observer = observer
        self._steps = steps
        self._keep_days = keep_days
        self._lease = lease
        self._pool = pool
        self._storing: asyncio.Task[None] | None = None
        self._next = 0.0
        self._next_sweep = 0.0
        self._sweep_until = 0.0
        self._rejections_seen = datetime.now(UTC)

    def begin(self) -> None:
        """The lead begins. Batches of a process that has just ended are too young to be swept."""
        self._sweep_until = time.monotonic() + 2 * self._lease.total_seconds()

    async def end(self) -> None:
        """The lead ends."""
        if self._storing is not None and not self._storing.done():
            self._storing.cancel()
            await asyncio.wait({self._storing})

    @property
    def sweep_in(self) -> float | None:
        """Seconds to the next sweep that must not be slept through; None if there is none."""
        now = time.monotonic()
        return self._next_sweep - now if now < self._sweep_until else None

    async def sweep(self, connection: AsyncConnection[Any]) -> None:
        """Give a job to batches that have lost theirs, every half lease."""
        if (began := time.monotonic()) < self._next_sweep:
            return
        swept = await self._steps.call("sweep", routing.sweep, connection, self._lease)
        took = time.monotonic() - began
        # A long queue takes long to compare; most of the time is for routing.
        self._next_sweep = began + max(self._lease.total_seconds() / 2, 20 * took)
        if swept:
            log.warning("batches had no queue job: jobs created", batches=swept)

    @property
    def is_due(self) -> bool:
        return time.monotonic() >= self._next

    async def run(self, connection: AsyncConnection[Any]) -> None:
        """One round. It may advance the router's step."""
        call = self._steps.call
        self._next = time.monotonic() + INTERVAL
        await call("rejected_since", self._count_rejections, connection)
        await call("tidy_up", routing.tidy_up, connection)
        forgotten = await call("forget_early_receipts", routing.forget_early_receipts, connection)
        for provider, count in (forgotten or {}).items():
            self._observer.received(provider, "never_matched", count)
            log.warning(
                "unmatched receipts dropped: no message had their id within an hour",
                provider=provider,
                count=count,
            )
        emptied = await call(
            "truncate_outbox", routing.truncate_outbox, connection, self._keep_days
        )
        if emptied:
            log.info("outbox partitions truncated", partitions=emptied)
        if self._pool is not None and (self._storing is None or self._storing.done()):
            self._storing = asyncio.create_task(self._keep_storage(self._pool))

    async def _keep_storage(self, pool: Pool) -> None:
        """Remove what is old and renew statistics, beside routing."""
        try:
            async with pool.connection() as connection:
                for kind in KINDS:
                    for _ in range(MOST_REMOVALS):
                        if not await routing.apply_retention(connection, kind):
                            break
                while await routing.analyze_parent(connection):
                    pass
        except psycopg.Error as error:
            # It is the turn of this again in half a minute.
            self._observer.step_failed("keep_storage")
            log.warning("old rows not removed", code=error.sqlstate, error=str(error).strip())

    async def _count_rejections(self, connection: AsyncConnection[Any]) -> None:
        for seen in await routing.rejected_since(connection, self._rejections_seen):
            self._observer.rejected(seen.reason, seen.rejected)
            self._rejections_seen = max(self._rejections_seen, seen.last_at)
            log.warning("events rejected", reason=seen.reason, count=seen.rejected)
