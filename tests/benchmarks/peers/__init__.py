"""What others would have used instead. Each has prepare, enqueue, emit and work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from psycopg import Connection
from psycopg_pool import AsyncConnectionPool

from tests.benchmarks.peers import pgqueuer_jobs, polled_outbox, procrastinate_jobs
from tests.benchmarks.peers.handler import Handler, Message


class Peer(Protocol):
    """A module of this folder.

    `emit` adds one message in the transaction of a connection, `enqueue` many at once.
    """

    async def prepare(self, url: str) -> None: ...

    async def enqueue(self, url: str, messages: Sequence[Message]) -> None: ...

    def emit(self, connection: Connection[Any], message: Message) -> None: ...

    async def work(
        self, url: str, handler: Handler, pool: AsyncConnectionPool[Any], options: dict[str, str]
    ) -> None: ...


PEERS: Mapping[str, Peer] = {
    "pgqueuer": pgqueuer_jobs,
    "procrastinate": procrastinate_jobs,
    "polled outbox": polled_outbox,
}
