"""Every kind of thing on which an application may call a verb, in a transaction of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

SYNC = ("psycopg.Connection", "Session", "Connection")

#: SQLAlchemy brings it only where asyncio is asked for.
needs_greenlet = pytest.mark.skipif(
    find_spec("greenlet") is None,
    reason="SQLAlchemy's asyncio needs greenlet: pip install greenlet",
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a verb is given as `on`, and the driver's connection below it."""

    on: Any
    driver: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Of a query in the same transaction."""
        if isinstance(self.driver, psycopg.AsyncConnection):
            return await (await self.driver.execute(query.encode())).fetchall()
        return self.driver.execute(query.encode()).fetchall()

    async def outbox(self) -> list[tuple[Any, ...]]:
        return await self.rows(
            "select event, recipient, audience, payload, subject, actor from postbell.outbox"
            " order by id"
        )


# What they learn of a server at their first connection they need not learn for every test.
@cache
def engine_for(url: str) -> Engine:
    return create_engine(_for_sqlalchemy(url), poolclass=NullPool)


@cache
def async_engine_for(url: str) -> AsyncEngine:
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - needs greenlet

    return create_async_engine(_for_sqlalchemy(url), poolclass=NullPool)


def _for_sqlalchemy(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(
    params=[
        *SYNC,
        "psycopg.AsyncConnection",
        pytest.param("AsyncSession", marks=needs_greenlet),
        pytest.param("AsyncConnection", marks=needs_greenlet),
    ]
)
async def ground(request: pytest.FixtureRequest, shared_url: str) -> AsyncIterator[Ground]:
    """Rolled back at the end."""
    async with AsyncExitStack() as closing:
        yield await _open(request.param, shared_url, closing)


async def _open(kind: str, url: str, closing: AsyncExitStack) -> Ground:
    if kind == "psycopg.Connection":
        connection = psycopg.connect(url)
        closing.callback(connection.close)
        return Ground(connection, connection)
    if kind == "psycopg.AsyncConnection":
        asynchronous = await psycopg.AsyncConnection.connect(url)
        closing.push_async_callback(asynchronous.close)
        return Ground(asynchronous, asynchronous)
    if kind in SYNC:
        below = closing.enter_context(engine_for(url).connect())
        driver: Any = below.connection.driver_connection
        session = closing.enter_context(Session(below))
        return Ground(session if kind == "Session" else below, driver)
    async_below = await closing.enter_async_context(async_engine_for(url).connect())
    driver = (await async_below.get_raw_connection()).driver_connection
    if kind == "AsyncConnection":
        return Ground(async_below, driver)
    from sqlalchemy.ext.asyncio import AsyncSession  # noqa: PLC0415 - needs greenlet

    return Ground(await closing.enter_async_context(AsyncSession(async_below)), driver)
