"""Transactions in the database roles of the gateway.

`postbell_reader` sees and changes the rows of one recipient, by row-level security;
`postbell_support` sees what became of everybody's messages, and not what they say.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, LiteralString

from psycopg import AsyncCursor, sql
from psycopg.errors import QueryCanceled
from psycopg.rows import DictRow, dict_row

from dispatcher.db.connections import Pool
from dispatcher.errors import UnknownRecipientError, translated
from dispatcher.gateway.auth import Identity, Operator
from dispatcher.gateway.problem import Problem

#: Seconds to wait for a connection of the pool, before the answer is 503.
_POOL_TIMEOUT: Final = 5.0
#: statement_timeout of a recipient: its rows are read by keys, which takes milliseconds.
_RECIPIENT_TIMEOUT: Final = "5s"

#: Seconds, statement_timeout of an operator: its queries must not delay the inboxes.
_OPERATOR_TIMEOUT: Final = 10


@asynccontextmanager
async def as_recipient(pool: Pool, identity: Identity) -> AsyncIterator[AsyncCursor[DictRow]]:
    """A cursor in a transaction that sees and changes the rows of this recipient alone.

    Raises PostbellError for errors of the schema.
    """
    with translated():
        async with pool.connection(_POOL_TIMEOUT) as connection, connection.transaction():
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(
                "select set_config('role', 'postbell_reader', true),"
                " set_config('postbell.tenant', %s, true),"
                " set_config('postbell.recipient', %s, true),"
                " set_config('statement_timeout', %s, true)",
                [identity.tenant_id, identity.recipient_id, _RECIPIENT_TIMEOUT],
            )
            yield cursor


async def rows_as_recipient(
    pool: Pool, identity: Identity, statement: LiteralString, **values: Any
) -> list[DictRow]:
    """The rows of one statement, whose `%(tenant)s` and `%(recipient)s` are the identity's."""
    async with as_recipient(pool, identity) as cursor:
        await cursor.execute(statement, {**recipient_params(identity), **values})
        return await cursor.fetchall()


async def row_as_recipient(
    pool: Pool, identity: Identity, statement: LiteralString, **values: Any
) -> DictRow:
    """The one row of a statement. Raises UnknownRecipientError if there is none."""
    rows = await rows_as_recipient(pool, identity, statement, **values)
    if not rows:
        raise UnknownRecipientError(f"{identity.recipient_id} of tenant {identity.tenant_id}")
    return rows[0]


def recipient_params(identity: Identity) -> dict[str, Any]:
    """The parameters `tenant` and `recipient`."""
    return {"tenant": identity.tenant_id, "recipient": identity.recipient_id}


@asynccontextmanager
async def as_operator(pool: Pool, operator: Operator) -> AsyncIterator[AsyncCursor[DictRow]]:
    """A cursor in a transaction of `postbell_support`.

    Raises PostbellError for errors of the schema, and Problem (503) after a timeout.
    """
    try:
        with translated():
            async with pool.connection(_POOL_TIMEOUT) as connection, connection.transaction():
                cursor = connection.cursor(row_factory=dict_row)
                await cursor.execute(
                    "select set_config('role', 'postbell_support', true),"
                    # Shown in pg_stat_activity.
                    " set_config('application_name', %s, true),"
                    " set_config('statement_timeout', %s, true),"
                    # The connection's own settings are for looking up a few rows by key.
                    " set_config('enable_hashjoin', 'on', true),"
                    " set_config('enable_seqscan', 'on', true),"
                    " set_config('plan_cache_mode', 'force_custom_plan', true)",
                    [f"postbell operator {operator.name}", f"{_OPERATOR_TIMEOUT}s"],
                )
                yield cursor
    except QueryCanceled:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too_much",
            f"The answer would have taken longer than {_OPERATOR_TIMEOUT} seconds.",
            "Ask about less: name a tenant, a person, or fewer days.",
        ) from None


async def rows_as_operator(
    pool: Pool, operator: Operator, statement: sql.SQL | sql.Composed, **values: Any
) -> list[DictRow]:
    """The rows of one statement."""
    async with as_operator(pool, operator) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchall()
