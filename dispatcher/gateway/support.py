"""A transaction for an operator: the role that sees what became of messages, not what they say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from psycopg import AsyncCursor, sql
from psycopg.rows import DictRow, dict_row

from dispatcher.database import Pool
from dispatcher.errors import translated

#: Seconds to wait for a session, and milliseconds that a statement may take: a question of an
#: operator's must not keep people from their inboxes.
_PATIENCE: Final = 5.0
_LONGEST_STATEMENT: Final = "10s"


@asynccontextmanager
async def acting_as_support(pool: Pool) -> AsyncIterator[AsyncCursor[DictRow]]:
    """A cursor in a transaction that may do what `postbell_support` may, whoever the operator is.

    What the schema raises is a PostbellError.
    """
    with translated():
        async with pool.connection(_PATIENCE) as connection, connection.transaction():
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(
                "select set_config('role', 'postbell_support', true),"
                " set_config('statement_timeout', %s, true),"
                # The session's own settings are for looking up a handful of rows by key.
                " set_config('enable_hashjoin', 'on', true),"
                " set_config('enable_seqscan', 'on', true),"
                " set_config('plan_cache_mode', 'force_custom_plan', true)",
                [_LONGEST_STATEMENT],
            )
            yield cursor


async def rows_as_support(
    pool: Pool, statement: sql.SQL | sql.Composed, **values: Any
) -> list[DictRow]:
    """What one statement returns to support."""
    async with acting_as_support(pool) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchall()
