"""A call on a session, connection or engine of SQLAlchemy, whatever its driver."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.orm import Session, scoped_session

from dispatcher.errors import InvalidArgumentError, translated
from postbell.call import Call


def execute(connection: object, call: Call, *, savepoint: bool) -> Any:
    """What the function returns."""
    if isinstance(connection, Engine):
        # It stands for no transaction, so this is one of its own.
        with connection.begin() as begun:
            return execute(begun, call, savepoint=False)
    if isinstance(connection, Connection | Session | scoped_session):
        with translated(), connection.begin_nested() if savepoint else nullcontext():
            return call.result(connection.execute(_statement(call), call.given).one())
    raise _unknown(connection)


async def execute_async(connection: Any, call: Call, *, savepoint: bool) -> Any:
    """The same on what is asynchronous.

    That is known by what it can do: its classes need greenlet, which not everybody has.
    """
    if hasattr(connection, "begin_nested"):
        with translated():
            async with connection.begin_nested() if savepoint else nullcontext():
                return call.result((await connection.execute(_statement(call), call.given)).one())
    if hasattr(connection, "begin"):
        async with connection.begin() as begun:
            return await execute_async(begun, call, savepoint=False)
    raise _unknown(connection)


def _statement(call: Call) -> TextClause:
    return text(call.statement(":{}"))


def _unknown(connection: object) -> InvalidArgumentError:
    return InvalidArgumentError(f"on is a {type(connection).__qualname__}, which executes nothing")
