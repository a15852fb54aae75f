"""A call on a connection of psycopg 3."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import tuple_row

from dispatcher.errors import translated
from dispatcher.verbs.call import Call


def execute(connection: psycopg.Connection[Any], call: Call) -> Any:
    # Whatever rows and cursors the caller has chosen for its own statements.
    with translated(), psycopg.Cursor(connection, row_factory=tuple_row) as cursor:
        row = cursor.execute(_statement(call), call.given).fetchone()
    return row[0] if row else None


async def execute_async(connection: psycopg.AsyncConnection[Any], call: Call) -> Any:
    with translated():
        async with psycopg.AsyncCursor(connection, row_factory=tuple_row) as cursor:
            await cursor.execute(_statement(call), call.given)
            row = await cursor.fetchone()
    return row[0] if row else None


def _statement(call: Call) -> bytes:
    return call.statement("%({})s").encode()
