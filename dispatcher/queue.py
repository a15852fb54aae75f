"""The job queue: pgqueuer's leases, heartbeats, priorities and recovery of jobs."""

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
from pgqueuer.domain.models import Job, TableChangedEvent, TracebackRecord, utc_now
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import JOB_STATUS, JobId
from pgqueuer.ports.driver import NotifyCallback
from psycopg import AsyncConnection, OperationalError

from dispatcher.db import batches
from dispatcher.deploy.queue_schema import settings_of

log = structlog.get_logger()

#: The delay before a job whose delivery raised an exception runs again.
RETRY_DELAY = timedelta(seconds=1)

#: How long an idle worker waits for a NOTIFY before it polls.
DEQUEUE_TIMEOUT = timedelta(seconds=2)


class TwoConnections(PsycopgDriver):
    """A driver that queries on one connection and listens on another.

    pgqueuer's own driver does both on one connection. psycopg locks a connection while it listens,
    so that a query would wait for up to a second.
    """

    def __init__(self, connection: AsyncConnection[Any], listener: AsyncConnection[Any]) -> None:
        super().__init__(connection)
        self._listener = PsycopgDriver(listener)
        self._callbacks: list[NotifyCallback] = []

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        await self._listener.add_listener(channel, callback)
        self._callbacks.append(callback)

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        self._callbacks.remove(callback)
        await self._listener.remove_listener(channel, callback)

    def notify_here(self, payload: str) -> None:
        """Call what listens in this process, as if the payload had come from the database."""
        for callback in self._callbacks:
            callback(payload)

    async def __aexit__(self, *failure: object) -> None:
        await super().__aexit__(*failure)
        if self._entered == 0:
            self._listener.shutdown.set()
            await self._listener.tm.gather_tasks()


class Jobs(Queries):
    """pgqueuer's statements for the jobs of one queue, which wake it when a place becomes free.

    New jobs wake a queue by NOTIFY, and finished ones send none. A queue that has `jobs_at_once`
    jobs takes no more, though there may be some, and is woken when one of its own has ended.
    """

    def __init__(self, driver: TwoConnections, settings: DBSettings, jobs_at_once: int) -> None:
        super().__init__(driver, QueryBuilderEnvironment(settings), QueryQueueBuilder(settings))
        self._driver = driver
        self._settings = settings
        self._jobs_at_once = jobs_at_once
        #: Jobs that are picked in the database, as far as this process knows.
        self._picked: set[JobId] = set()

    async def dequeue(self, *arguments: Any, **named: Any) -> list[Job]:
        jobs = await super().dequeue(*arguments, **named)
        self._picked.update(job.id for job in jobs)
        return jobs

    async def log_jobs(
        self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]
    ) -> None:
        await super().log_jobs(job_status)
        # Asked after the statement, which may have waited for a dequeue that took the last place.
        was_full = len(self._picked) >= self._jobs_at_once
        self._picked.difference_update(job.id for job, *_ in job_status)
        if was_full:
            self._wake()

    async def retry_job(
        self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None
    ) -> None:
        await super().retry_job(job, delay, traceback_record)
        self._picked.discard(job.id)
        # Also if there were places: the queue has to learn when the job is due again.
        self._wake()

    def _wake(self) -> None:
        self._driver.notify_here(
            TableChangedEvent(
                channel=self._settings.channel,
                sent_at=utc_now(),
                type="table_changed_event",
                operation="update",
                table=self._settings.queue_table,
            ).model_dump_json(exclude={"received_at"})
        )


class Queue:
    """The jobs of one channel. Each channel has its own, so that a slow provider delays no other.

    `deliver` is called with the id of a batch. `jobs_at_once` is how many jobs this process runs at
    a time; `lease` is how long a job may go without a heartbeat before another process takes it.

    pgqueuer ends a job by its id alone, which after a crash of the database may belong to another
    job. It does so only on the session that took the job, and that session ended with the crash.
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
        """Run until stop(). Raises psycopg.Error when a session is lost; jobs then run again."""
        settings = settings_of(self._channel)
        manager = QueueManager(
            Jobs(TwoConnections(connection, listener), settings, self._jobs_at_once),
            settings.channel,
        )

        async def work(job: Job) -> None:
            try:
                await self._deliver(int(job.payload or b"0"))
            except Exception as error:
                # Without this pgqueuer drops the job. The batch counts its claims, so it ends.
                log.exception("batch delivery failed", job=job.id)
                raise RetryRequested(delay=RETRY_DELAY, reason=type(error).__name__) from error

        manager.entrypoint(f"deliver.{self._channel}", accepts_context=False)(work)
        self._manager = manager
        if self._is_stopping:
            return
        # pgqueuer sends its first health check before it listens, and would not receive it.
        await batches.listen_for_jobs(listener, settings.channel)
        try:
            await manager.run(
                dequeue_timeout=DEQUEUE_TIMEOUT,
                # pgqueuer records finished jobs when there are this many, or after 0.1 seconds.
                batch_size=self._jobs_at_once // 2,
                max_concurrent_tasks=self._jobs_at_once,
                shutdown_on_listener_failure=True,
                heartbeat_timeout=self._lease,
                # postbell_private.tidy_up() prunes its log; aggregating it rewrites every row.
                log_aggregation_interval=timedelta(0),
            )
        except FailingListenerError as silence:
            raise OperationalError("the queue's LISTEN session was lost") from silence

    def stop(self) -> None:
        """Take no more jobs; run() returns when those that run are done."""
        self._is_stopping = True
        if self._manager is not None:
            self._manager.shutdown.set()
