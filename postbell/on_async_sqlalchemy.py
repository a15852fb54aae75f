"""A call on what is asynchronous of SQLAlchemy.

A module of its own: SQLAlchemy's asyncio needs greenlet, which not everybody has.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_scoped_session

from postbell.call import Call
from postbell.on_sqlalchemy import no_place, statement, translated


async def execute(place: object, call: Call, *, savepoint: bool) -> Any:
    """What the function returns."""
    if isinstance(place, AsyncEngine):
        async with place.begin() as connection:
            return await execute(connection, call, savepoint=False)
    if isinstance(place, AsyncConnection | AsyncSession | async_scoped_session):
        with translated():
            async with place.begin_nested() if savepoint else nullcontext():
                return (await place.execute(statement(call), call.given)).scalar_one()
    raise no_place(place)
