"""Every kind of connection on which an application may call a verb."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine
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
