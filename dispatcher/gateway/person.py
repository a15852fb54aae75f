"""A transaction as one person: the role that reads, and row-level security that says whose rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, LiteralString

from psycopg import AsyncCursor
from psycopg.rows import DictRow, dict_row

from dispatcher.database import Pool
from dispatcher.errors import UnknownRecipientError, translated
from dispatcher.gateway.auth import Identity

#: Seconds to wait for a session: whoever waits longer is better told to come again.
_PATIENCE: Final = 5.0
#: Of a statement: what is one person's is read by keys, and takes milliseconds.
_LONGEST_STATEMENT: Final = "5s"


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
                [identity.tenant_id, identity.recipient_id, _LONGEST_STATEMENT],
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
