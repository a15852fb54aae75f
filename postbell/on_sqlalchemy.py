"""A call on a session, connection or engine of SQLAlchemy, whatever its driver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, scoped_session

from dispatcher.errors import InvalidArgumentError, of_database
from postbell.call import Call


def execute(connection: object, call: Call, *, savepoint: bool) -> Any:
    """What the function returns."""
    if isinstance(connection, Engine):
        # It stands for no transaction, so this is one of its own.
        with connection.begin() as begun:
            return execute(begun, call, savepoint=False)
    if isinstance(connection, Connection | Session | scoped_session):
        with translated(), connection.begin_nested() if savepoint else nullcontext():
            return call.result(connection.execute(statement(call), call.given).one())
    raise unknown(connection)


def statement(call: Call) -> TextClause:
    return text(call.statement(":{}"))


@contextmanager
def translated() -> Iterator[None]:
    """As dispatcher.errors.translated(), for what SQLAlchemy has wrapped."""
    try:
        yield
    except DBAPIError as error:
        meant = of_database(error.orig) if isinstance(error.orig, psycopg.Error) else None
        if meant is None:
            raise
        raise meant from error


def unknown(connection: object) -> InvalidArgumentError:
    return InvalidArgumentError(f"on is a {type(connection).__qualname__}, which executes nothing")
