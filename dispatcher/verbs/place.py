"""Where a verb runs: the caller's own connection, session or engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import psycopg

from dispatcher.errors import InvalidArgumentError
from dispatcher.verbs import on_psycopg
from dispatcher.verbs.call import Call

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import (
        AsyncConnection,
        AsyncEngine,
        AsyncSession,
        async_scoped_session,
    )
    from sqlalchemy.orm import Session, scoped_session

#: On these a verb returns what it emitted.
SyncPlace: TypeAlias = (
    "psycopg.Connection[Any] | Session | scoped_session[Any] | Connection | Engine"
)
#: On these it returns an awaitable of it.
AsyncPlace: TypeAlias = (
    "psycopg.AsyncConnection[Any]"
    " | AsyncSession | async_scoped_session[Any] | AsyncConnection | AsyncEngine"
)
Place: TypeAlias = "SyncPlace | AsyncPlace"

_place: Final[ContextVar[Place | None]] = ContextVar("postbell_place", default=None)


@contextmanager
def using(place: SyncPlace) -> Iterator[None]:
    """Inside, verbs without `on` run here; in this thread or task only.

    An async one works too. It is left out of the type, because a verb without `on` could not say
    whether it has to be awaited.
    """
    before = _place.set(place)
    try:
        yield
    finally:
        _place.reset(before)


def execute(call: Call, on: Place | None) -> Any:
    """Calls it there; what it returns, or an awaitable of that."""
    place = _place.get() if on is None else on
    if place is None:
        raise InvalidArgumentError("no connection: give one with on=, or call inside using()")
    if isinstance(place, psycopg.Connection):
        return on_psycopg.execute(place, call)
    if isinstance(place, psycopg.AsyncConnection):
        return on_psycopg.execute_async(place, call)
    # Whoever has one of its objects has SQLAlchemy; nobody else needs it.
    homes = [base.__module__ for base in type(place).__mro__]
    if any(home.startswith("sqlalchemy.ext.asyncio") for home in homes):
        return import_module("dispatcher.verbs.on_async_sqlalchemy").execute(place, call)
    if any(home.startswith("sqlalchemy.") for home in homes):
        return import_module("dispatcher.verbs.on_sqlalchemy").execute(place, call)
    raise InvalidArgumentError(
        f"on is a {type(place).__qualname__}, and neither a connection of psycopg nor a session,"
        " connection or engine of SQLAlchemy"
    )
