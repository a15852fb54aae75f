"""procrastinate with a job per message: its own tables, its own worker, its own API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import procrastinate
from procrastinate.types import JSONDict
from psycopg import Connection
from psycopg_pool import AsyncConnectionPool

from tests.benchmarks.peers.handler import Handler, Message

TASK = "notify"

#: Defers on connections that it is given.
_DEFERRING = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


async def prepare(url: str) -> None:
    """Installs its tables."""
    app = _app(url)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


async def enqueue(url: str, messages: Sequence[Message]) -> None:
    """A job per message, a thousand a statement."""
    app = _app(url)
    async with app.open_async():
        for start in range(0, len(messages), 1000):
            share = messages[start : start + 1000]
            arguments: list[JSONDict] = [{"message": message.fields()} for message in share]
            await app.configure_task(TASK).batch_defer_async(*arguments)


def emit(connection: Connection[Any], message: Message) -> None:
    """In the transaction that the connection is in."""
    _DEFERRING.configure_task(TASK, connection=connection).defer(message=message.fields())


async def work(
    url: str, handler: Handler, pool: AsyncConnectionPool[Any], options: dict[str, str]
) -> None:
    """Works until cancelled. `concurrency` is how many jobs are in hand."""
    concurrency = int(options["concurrency"])
    app = _app(url, sessions=min(concurrency + 2, 20))

    @app.task(name=TASK)
    async def notify(message: dict[str, Any]) -> None:
        async with pool.connection() as session:
            await handler.handle(session, Message(**message))

    async with app.open_async():
        await app.run_worker_async(
            concurrency=concurrency,
            # The cheapest ending that it has.
            delete_jobs="always",
            install_signal_handlers=False,
        )


def _app(url: str, sessions: int = 4) -> procrastinate.App:
    connector = procrastinate.PsycopgConnector(conninfo=url, min_size=sessions, max_size=sessions)
    return procrastinate.App(connector=connector)
