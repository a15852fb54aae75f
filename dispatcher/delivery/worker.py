"""Delivers the batches of a channel, from its queue and from the router of the same process."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from typing import Any, Protocol

import psycopg
import structlog
from psycopg import AsyncConnection

from dispatcher.db import batches
from dispatcher.db.connections import Pool
from dispatcher.delivery.claims import Claim, ClaimKeeper
from dispatcher.errors import PostbellError

log = structlog.get_logger()


#: Seconds for a claim that has begun, when the router ends.
CLAIM_TIMEOUT = 2.0


class Sender(Protocol):
    """Claims and delivers the batches of a channel: a ProviderSender, or a DatabaseSender."""

    async def claim(
        self, batch_id: int, session: AsyncConnection[Any] | None = None
    ) -> Claim | None: ...

    async def deliver_claimed(self, claim: Claim) -> None: ...

    async def deliver(self, batch_id: int) -> None: ...

    def stop(self) -> None: ...


class WorkerMetrics(Protocol):
    """Counts what a worker has in progress."""

    def in_progress(self, channel: str) -> AbstractContextManager[None]: ...


class Worker:
    """Delivers up to `at_once` batches of `channel` at a time, wherever they come from.

    What the router hands over has no queue job. `keeper` renews its claim while it is delivered;
    if the process ends, the router creates a job for it.
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

    async def hand_over(self, batch_id: int, session: AsyncConnection[Any] | None = None) -> None:
        """Deliver a batch that was written without a queue job, in a task of its own.

        With `session`, the batch is claimed on it before this returns: the router's is awake, and
        one of the pool may have rested.
        """
        # The queue may have taken the last place since the router asked. Nothing waits for a place
        # unclaimed: the sweep would create a job for it.
        if self._is_stopping or self._places.locked():
            await self._queue(batch_id)
            return
        await self._places.acquire()
        self._in_progress += 1
        claiming = asyncio.ensure_future(self._sender.claim(batch_id, session))
        task = asyncio.create_task(self._deliver(batch_id, claiming), name=f"batch {batch_id}")
        self._handed_over.add(task)
        task.add_done_callback(self._handed_over.discard)
        if session is not None:
            try:
                await asyncio.wait({claiming})
            except asyncio.CancelledError:
                # The session closes next; half a claim would be taken for an unknown attempt.
                await asyncio.wait({claiming}, timeout=CLAIM_TIMEOUT)
                raise

    def stop(self) -> None:
        """Take no more batches; what is not in flight goes into the queue."""
        self._is_stopping = True
        self._sender.stop()

    async def finish(self) -> None:
        """Wait for what was handed over. If cancelled, cancels it and waits until it has ended."""
        await asyncio.gather(*self._handed_over, return_exceptions=True)

    async def _deliver(self, batch_id: int, claiming: asyncio.Future[Claim | None]) -> None:
        try:
            with self._metrics.in_progress(self.channel):
                if claim := await claiming:
                    with self._keeper.keeping(*claim.key):
                        await self._sender.deliver_claimed(claim)
        except Exception:
            log.exception("batch delivery failed", batch=batch_id)
            await self._queue(batch_id)
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
