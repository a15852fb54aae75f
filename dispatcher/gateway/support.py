"""A transaction for an operator: the role that sees what became of messages, not what they say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

from psycopg import AsyncCursor, sql
from psycopg.errors import QueryCanceled
from psycopg.rows import DictRow, dict_row

from dispatcher.database import Pool
from dispatcher.errors import translated
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.problem import Problem

#: Seconds to wait for a session, and seconds that a statement may take: a question of an operator's
#: must not keep people from their inboxes.
_PATIENCE: Final = 5.0
_LONGEST_STATEMENT: Final = 10


@asynccontextmanager
async def acting_as_support(pool: Pool, operator: Operator) -> AsyncIterator[AsyncCursor[DictRow]]:
    """A cursor in a transaction that may do what `postbell_support` may, whoever the operator is.

    What the schema raises is a PostbellError. Raises Problem for what takes too long.
    """
    try:
        with translated():
            async with pool.connection(_PATIENCE) as connection, connection.transaction():
                cursor = connection.cursor(row_factory=dict_row)
                await cursor.execute(
                    "select set_config('role', 'postbell_support', true),"
                    # Whose question it is shows in pg_stat_activity.
                    " set_config('application_name', %s, true),"
                    " set_config('statement_timeout', %s, true),"
                    # The session's own settings are for looking up a handful of rows by key.
                    " set_config('enable_hashjoin', 'on', true),"
                    " set_config('enable_seqscan', 'on', true),"
                    " set_config('plan_cache_mode', 'force_custom_plan', true)",
                    [f"postbell operator {operator.name}", f"{_LONGEST_STATEMENT}s"],
                )
                yield cursor
    except QueryCanceled:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too_much",
            f"The answer would have taken longer than {_LONGEST_STATEMENT} seconds.",
            "Ask about less: name a tenant, a person, or fewer days.",
        ) from None


async def rows_as_support(
    pool: Pool, operator: Operator, statement: sql.SQL | sql.Composed, **values: Any
) -> list[DictRow]:
    """What one statement returns to support."""
    async with acting_as_support(pool, operator) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchall()
