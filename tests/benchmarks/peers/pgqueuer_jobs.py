"""pgqueuer with a job per message: its own tables, its own worker, its own API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pgqueuer.adapters.drivers.psycopg import PsycopgDriver, SyncPsycopgDriver
from pgqueuer.adapters.persistence.queries import Queries, SyncQueries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import Channel
from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool

from dispatcher.queue import TwoConnections
from tests.benchmarks.peers.handler import Handler, Message

ENTRYPOINT = "notify"
CHANNEL = Channel("ch_pgqueuer")


async def prepare(url: str) -> None:
    """Installs its tables."""
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        await Queries(PsycopgDriver(connection)).install()


async def enqueue(url: str, messages: Sequence[Message]) -> None:
    """A job per message, a thousand a statement."""
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        queries = Queries(PsycopgDriver(connection))
        for start in range(0, len(messages), 1000):
            payloads: list[bytes | None] = [
                message.text().encode() for message in messages[start : start + 1000]
            ]
            await queries.enqueue([ENTRYPOINT] * len(payloads), payloads, [0] * len(payloads))


def emit(connection: Connection[Any], message: Message) -> None:
    """In the transaction that the connection is in."""
    SyncQueries(SyncPsycopgDriver(connection)).enqueue(ENTRYPOINT, message.text().encode())


async def work(
    url: str, handler: Handler, pool: AsyncConnectionPool[Any], options: dict[str, str]
) -> None:
    """Works until cancelled.

    `concurrency` is how many jobs are in hand, half of them fetched at a time. With `driver=stock`
    it queries and listens on one connection, as its documentation shows; else on two.
    """
    concurrency = int(options["concurrency"])
    connection = await AsyncConnection.connect(url, autocommit=True)
    listener = await AsyncConnection.connect(url, autocommit=True)
    driver = (
        PsycopgDriver(connection)
        if options.get("driver") == "stock"
        else TwoConnections(connection, listener)
    )
    manager = QueueManager(Queries(driver), CHANNEL)

    async def notify(job: Job) -> None:
        async with pool.connection() as session:
            await handler.handle(session, Message.of(job.payload or b""))

    manager.entrypoint(ENTRYPOINT, accepts_context=False)(notify)
    await manager.run(
        dequeue_timeout=timedelta(seconds=2),
        batch_size=concurrency // 2,
        max_concurrent_tasks=concurrency,
        # Folding its log rewrites every row of it: off, as it is for us.
        log_aggregation_interval=timedelta(0),
    )
