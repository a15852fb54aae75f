"""A call on a connection of psycopg 3."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from dispatcher.errors import translated
from postbell.call import Call


def execute(connection: psycopg.Connection[Any], call: Call, *, savepoint: bool) -> Any:
    if savepoint and _would_commit(connection):
        connection.execute("select")
    # Whatever rows and cursors the caller has chosen for its own statements.
    with (
        translated(),
        connection.transaction() if savepoint else nullcontext(),
        psycopg.Cursor(connection, row_factory=tuple_row) as cursor,
    ):
        row = cursor.execute(_statement(call), call.given).fetchone()
    return call.result(row)


async def execute_async(
    connection: psycopg.AsyncConnection[Any], call: Call, *, savepoint: bool
) -> Any:
    if savepoint and _would_commit(connection):
        await connection.execute("select")
    with translated():
        async with (
            connection.transaction() if savepoint else nullcontext(),
            psycopg.AsyncCursor(connection, row_factory=tuple_row) as cursor,
        ):
            await cursor.execute(_statement(call), call.given)
            row = await cursor.fetchone()
    return call.result(row)


def _would_commit(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> bool:
    """Whether transaction() makes a transaction of its own although the caller's is to begin.

    Any statement begins the caller's.
    """
    is_idle = connection.info.transaction_status == TransactionStatus.IDLE
    return is_idle and not connection.autocommit


def _statement(call: Call) -> bytes:
    return call.statement("%({})s").encode()
