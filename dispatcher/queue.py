"""The queue, which is pgqueuer's: leases, heartbeats, priorities and recovery of jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import FailingListenerError, RetryRequested
from pgqueuer.domain.models import Job
from pgqueuer.ports.driver import NotifyCallback
from psycopg import AsyncConnection, OperationalError, sql

from dispatcher.deploy.queue_schema import SETTINGS

log = structlog.get_logger()

#: How long a batch rests whose delivery ended in an exception.
RETRY_DELAY = timedelta(seconds=1)

#: How long an idle worker trusts in being woken.
DEQUEUE_TIMEOUT = timedelta(seconds=2)


class TwoConnections(PsycopgDriver):
    """A driver that queries on one connection and listens on another.

    pgqueuer's own does both on one, and psycopg holds a connection for as long as it listens: a
    query would wait up to a second for its turn.
    """

    def __init__(self, connection: AsyncConnection[Any], listener: AsyncConnection[Any]) -> None:
        super().__init__(connection)
        self._ear = PsycopgDriver(listener)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        await self._ear.add_listener(channel, callback)

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        await self._ear.remove_listener(channel, callback)

    async def __aexit__(self, *failure: object) -> None:
        await super().__aexit__(*failure)
        if self._entered == 0:
            self._ear.shutdown.set()
            await self._ear.tm.gather_tasks()


class Queue:
    """The jobs of one channel. One queue each, so that a slow provider holds up no other channel.

    `deliver` is called with the id of a batch. `jobs_at_once` is how many of this process may be in
    hand; `lease` how long a job may go without a sign of life before another process takes it.

    pgqueuer ends a job by its id alone, which after a crash of the database may be another's. It
    does so only on the session on which it took the job, and that ended with the crash.
    """

    def __init__(
        self,
        channel: str,
        deliver: Callable[[int], Awaitable[None]],
        *,
        jobs_at_once: int,
        lease: timedelta,
    ) -> None:
        self._channel = channel
        self._deliver = deliver
        self._jobs_at_once = max(jobs_at_once, 2)
        self._lease = lease
        self._manager: QueueManager | None = None
        self._is_stopping = False

    async def run(self, connection: AsyncConnection[Any], listener: AsyncConnection[Any]) -> None:
        """Works until stop(). Raises when a session is lost; what was in hand comes again then."""
        manager = QueueManager(
            Queries(
                TwoConnections(connection, listener),
                QueryBuilderEnvironment(SETTINGS),
                QueryQueueBuilder(SETTINGS),
            ),
            SETTINGS.channel,
        )

        async def work(job: Job) -> None:
            try:
                await self._deliver(int(job.payload or b"0"))
            except Exception as error:
                # pgqueuer would drop the job. The batch counts its claims, so this has an end.
                log.exception("a batch could not be delivered", job=job.id)
                raise RetryRequested(delay=RETRY_DELAY, reason=type(error).__name__) from error

        manager.entrypoint(f"deliver.{self._channel}", accepts_context=False)(work)
        self._manager = manager
        if self._is_stopping:
            return
        # pgqueuer asks itself whether it hears before it listens, and would hear nothing of it.
        await listener.execute(sql.SQL("listen {}").format(sql.Identifier(SETTINGS.channel)))
        try:
            await manager.run(
                dequeue_timeout=DEQUEUE_TIMEOUT,
                # pgqueuer records what is done when so many are, or after a tenth of a second.
                batch_size=self._jobs_at_once // 2,
                max_concurrent_tasks=self._jobs_at_once,
                shutdown_on_listener_failure=True,
                heartbeat_timeout=self._lease,
                # postbell_private.tidy_up() prunes its log; folding it would rewrite every row.
                log_aggregation_interval=timedelta(0),
            )
        except FailingListenerError as silence:
            raise OperationalError("the queue's doorbell has gone silent") from silence

    def stop(self) -> None:
        """Takes no more jobs; run() returns when those in hand are done."""
        self._is_stopping = True
        if self._manager is not None:
            self._manager.shutdown.set()
