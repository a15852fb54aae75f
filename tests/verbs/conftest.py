"""Every kind of thing on which an application may call a verb, in a transaction of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest
from sqlalchemy.orm import Session

from tests.support.verb_connections import (
    SYNC,
    Ground,
    async_engine_for,
    engine_for,
    needs_greenlet,
)


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
