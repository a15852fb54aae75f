"""A call on what is asynchronous of SQLAlchemy.

A module of its own: SQLAlchemy's asyncio needs greenlet, which not everybody has.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_scoped_session

from postbell.call import Call
from postbell.on_sqlalchemy import statement, translated, unknown


async def execute(connection: object, call: Call, *, savepoint: bool) -> Any:
    """What the function returns."""
    if isinstance(connection, AsyncEngine):
        async with connection.begin() as begun:
            return await execute(begun, call, savepoint=False)
    if isinstance(connection, AsyncConnection | AsyncSession | async_scoped_session):
        with translated():
            async with connection.begin_nested() if savepoint else nullcontext():
                return call.result((await connection.execute(statement(call), call.given)).one())
    raise unknown(connection)
