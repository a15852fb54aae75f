"""Delivers the batches of a channel, from its queue and from the router of the same process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol
from uuid import UUID

import psycopg
import structlog
from psycopg import AsyncConnection

from dispatcher.db import batches
from dispatcher.db.batches import Claimed
from dispatcher.db.connections import Pool
from dispatcher.delivery.claims import Claim, ClaimKeeper, ClaimKey
from dispatcher.errors import PostbellError

log = structlog.get_logger()


#: Seconds for recording what is sent, if that has begun when the router ends.
START_TIMEOUT = 2.0


class Sender(Protocol):
    """Delivers the batches of a channel: a ProviderSender, or a DatabaseSender."""

    @property
    def started_by_claim(self) -> tuple[int, str | None]: ...

    async def take(
        self,
        batch_id: int,
        rows: Sequence[Claimed],
        starting: asyncio.Future[frozenset[int] | None] | None,
    ) -> Claim | None: ...

    async def deliver_claimed(self, claim: Claim) -> None: ...

    async def deliver(self, batch_id: int) -> None: ...

    def stop(self) -> None: ...


class WorkerMetrics(Protocol):
    """Counts what a worker has in progress."""

    def in_progress(self, channel: str) -> AbstractContextManager[None]: ...


class Worker:
    """Delivers up to `at_once` batches of `channel` at a time, wherever they come from.

    What the router hands over is claimed and has no queue job. `keeper` renews its claim until it
    is delivered; if the process ends, the router creates a job for it.
    """

    def __init__(
        self,
        channel: str,
        sender: Sender,
        pool: Pool,
        metrics: WorkerMetrics,
        keeper: ClaimKeeper,
        *,
        at_once: int,
    ) -> None:
        self.channel = channel
        self.at_once = at_once
        self._sender = sender
        self._pool = pool
        self._metrics = metrics
        self._keeper = keeper
        self._places = asyncio.Semaphore(at_once)
        self._handed_over: set[asyncio.Task[None]] = set()
        self._in_progress = 0
        self._is_stopping = False

    @property
    def room(self) -> int:
        """Batches that may be handed over now; 0 once stop() was called."""
        return 0 if self._is_stopping else max(0, self.at_once - self._in_progress)

    async def deliver(self, batch_id: int) -> None:
        """Deliver the batch of a queue job, when there is a place."""
        self._in_progress += 1
        try:
            async with self._places:
                with self._metrics.in_progress(self.channel):
                    await self._sender.deliver(batch_id)
        finally:
            self._in_progress -= 1

    async def hand_over(
        self,
        batch_id: int,
        deliveries: Sequence[Mapping[str, Any]],
        session: AsyncConnection[Any] | None = None,
    ) -> None:
        """Deliver a batch that the router has written as claimed, in a task of its own.

        `deliveries` are as Claimed.of() takes them. That they are being sent is recorded while they
        are rendered. With `session`, that is done on it before this returns: the router's is awake,
        and one of the pool may have rested.
        """
        # The queue may have taken the last place since the router asked. Nothing waits for a place
        # when it is started: a cancellation would come too late for no reason.
        if self._is_stopping or self._places.locked():
            await self._queue(batch_id)
            return
        await self._places.acquire()
        self._in_progress += 1
        key = ClaimKey(batch_id, UUID(deliveries[0]["claim_token"]))
        starting: asyncio.Future[frozenset[int] | None] | None = None
        count, provider = self._sender.started_by_claim
        if count and provider:
            ids = [row["delivery_id"] for row in deliveries[:count]]
            starting = asyncio.ensure_future(self._start(key, ids, provider, session))
            starting.add_done_callback(_look_at)
        task = asyncio.create_task(
            self._deliver(key, deliveries, starting), name=f"batch {batch_id}"
        )
        self._handed_over.add(task)
        task.add_done_callback(self._handed_over.discard)
        if session is not None and starting is not None:
            try:
                await asyncio.wait({starting})
            except asyncio.CancelledError:
                # The session closes next; half a start would be taken for an unknown attempt.
                await asyncio.wait({starting}, timeout=START_TIMEOUT)
                raise

    def stop(self) -> None:
        """Take no more batches; what is not in flight goes into the queue."""
        self._is_stopping = True
        self._sender.stop()

    async def finish(self) -> None:
        """Wait for what was handed over. If cancelled, cancels it and waits until it has ended."""
        await asyncio.gather(*self._handed_over, return_exceptions=True)

    async def _start(
        self,
        key: ClaimKey,
        delivery_ids: list[int],
        provider: str,
        session: AsyncConnection[Any] | None,
    ) -> frozenset[int] | None:
        providers = [provider] * len(delivery_ids)
        async with (
            self._pool.connection() if session is None else nullcontext(session) as connection
        ):
            return await batches.start_sending(connection, *key, delivery_ids, providers)

    async def _deliver(
        self,
        key: ClaimKey,
        deliveries: Sequence[Mapping[str, Any]],
        starting: asyncio.Future[frozenset[int] | None] | None,
    ) -> None:
        try:
            with self._metrics.in_progress(self.channel):
                claim = await self._sender.take(
                    key.batch_id, [Claimed.of(row) for row in deliveries], starting
                )
                if claim is not None:
                    with self._keeper.keeping(*claim.key):
                        await self._sender.deliver_claimed(claim)
        except Exception:
            log.exception("batch delivery failed", batch=key.batch_id)
            await self._queue(key.batch_id)
        finally:
            self._places.release()
            self._in_progress -= 1

    async def _queue(self, batch_id: int) -> None:
        try:
            await self._pool.call(batches.queue_batch, batch_id)
        except (psycopg.Error, PostbellError) as error:
            log.warning(
                "batch not queued: the router will do it", batch=batch_id, error=str(error).strip()
            )


def _look_at(starting: asyncio.Future[frozenset[int] | None]) -> None:
    """Whoever waits for the start reports its error. Perhaps nobody does."""
    if not starting.cancelled():
        starting.exception()
