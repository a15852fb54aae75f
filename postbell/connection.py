"""Where a verb runs: the caller's own connection, session or engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import psycopg

from dispatcher.errors import InvalidArgumentError
from postbell import on_django, on_psycopg
from postbell.call import Call
from postbell.on_django import DjangoConnection

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext import asyncio
    from sqlalchemy.orm import Session, scoped_session

#: On these a verb returns what it emitted.
SyncConnection: TypeAlias = (
    "psycopg.Connection[Any] | Session | scoped_session[Any] | Connection | Engine"
    " | DjangoConnection"
)
#: On these it returns an awaitable of it.
AsyncConnection: TypeAlias = (
    "psycopg.AsyncConnection[Any] | asyncio.AsyncSession | asyncio.async_scoped_session[Any]"
    " | asyncio.AsyncConnection | asyncio.AsyncEngine"
)
AnyConnection: TypeAlias = "SyncConnection | AsyncConnection"

_current: Final[ContextVar[AnyConnection | None]] = ContextVar("postbell_connection", default=None)


@contextmanager
def using(connection: SyncConnection) -> Iterator[None]:
    """Inside, verbs without `on` run here; in this thread or task only.

    An async one works too. It is left out of the type, because a verb without `on` could not say
    whether it has to be awaited.
    """
    before = _current.set(connection)
    try:
        yield
    finally:
        _current.reset(before)


def current() -> AnyConnection | None:
    """What using() has set."""
    return _current.get()


def execute(call: Call, on: AnyConnection | None, *, savepoint: bool) -> Any:
    """Calls it there; what it returns, or an awaitable of that.

    In a savepoint, what the database refuses undoes nothing else of the caller's transaction.
    """
    connection = current() if on is None else on
    if connection is None:
        raise InvalidArgumentError("no connection: give one with on=, or call inside using()")
    if isinstance(connection, psycopg.Connection):
        return on_psycopg.execute(connection, call, savepoint=savepoint)
    if isinstance(connection, psycopg.AsyncConnection):
        return on_psycopg.execute_async(connection, call, savepoint=savepoint)
    # Whoever has one of its objects has SQLAlchemy; nobody else needs it.
    homes = [base.__module__ for base in type(connection).__mro__]
    if any(home.startswith("sqlalchemy.") for home in homes):
        on_sqlalchemy = import_module("postbell.on_sqlalchemy")
        is_async = any(home.startswith("sqlalchemy.ext.asyncio") for home in homes)
        run = on_sqlalchemy.execute_async if is_async else on_sqlalchemy.execute
        return run(connection, call, savepoint=savepoint)
    if on_django.is_connection(connection):
        return on_django.execute(cast("DjangoConnection", connection), call, savepoint=savepoint)
    raise InvalidArgumentError(
        f"on is a {type(connection).__qualname__}, and neither a connection of psycopg or Django"
        " nor a session, connection or engine of SQLAlchemy"
    )
