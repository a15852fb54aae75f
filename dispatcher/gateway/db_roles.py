"""Transactions as the database roles of the gateway: one person's, and an operator's.

Row-level security says whose rows a person sees; an operator sees what became of messages, and
not what they say.
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

#: Seconds to wait for a session: whoever waits longer is better told to come again.
_PATIENCE: Final = 5.0
#: Of a statement: what is one person's is read by keys, and takes milliseconds.
_LONGEST_OF_PERSON: Final = "5s"

#: Of an operator's: it must not keep people from their inboxes.
_LONGEST_STATEMENT: Final = 10


@asynccontextmanager
async def acting_as(pool: Pool, identity: Identity) -> AsyncIterator[AsyncCursor[DictRow]]:
    """A cursor in a transaction that can see and change what belongs to this person, no more.

    The same functions and views as in psql answer; what the schema raises is a PostbellError.
    """
    with translated():
        async with pool.connection(_PATIENCE) as connection, connection.transaction():
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(
                "select set_config('role', 'postbell_reader', true),"
                " set_config('postbell.tenant', %s, true),"
                " set_config('postbell.recipient', %s, true),"
                " set_config('statement_timeout', %s, true)",
                [identity.tenant_id, identity.recipient_id, _LONGEST_OF_PERSON],
            )
            yield cursor


async def rows_as(
    pool: Pool, identity: Identity, statement: LiteralString, **values: Any
) -> list[DictRow]:
    """What one statement returns to this person. `%(tenant)s` and `%(recipient)s` are theirs."""
    async with acting_as(pool, identity) as cursor:
        await cursor.execute(statement, {**whose(identity), **values})
        return await cursor.fetchall()


async def row_as(
    pool: Pool, identity: Identity, statement: LiteralString, **values: Any
) -> DictRow:
    """The one row that there is of every person. Raises UnknownRecipientError if they are gone."""
    rows = await rows_as(pool, identity, statement, **values)
    if not rows:
        raise UnknownRecipientError(f"{identity.recipient_id} of tenant {identity.tenant_id}")
    return rows[0]


def whose(identity: Identity) -> dict[str, Any]:
    """The values that every statement has."""
    return {"tenant": identity.tenant_id, "recipient": identity.recipient_id}


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
