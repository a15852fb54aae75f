"""A call on a database connection of Django: `django.db.connection`, or one of `connections`.

Django reconnects behind that object, so the driver's own connection is not kept. It is not
imported: whoever gives such an object has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from dispatcher.errors import translated
from postbell.call import Call


class DjangoConnection(Protocol):
    """What is used of Django's `BaseDatabaseWrapper`, whose attributes have no types."""

    def ensure_connection(self) -> Any: ...
    def cursor(self) -> AbstractContextManager[Any]: ...
    def savepoint(self) -> Any: ...
    def savepoint_commit(self, sid: Any, /) -> Any: ...
    def savepoint_rollback(self, sid: Any, /) -> Any: ...


def is_connection(connection: object) -> bool:
    # Also where it is the proxy that finds the thread's own.
    return callable(getattr(connection, "ensure_connection", None)) and callable(
        getattr(connection, "savepoint_rollback", None)
    )


def execute(connection: DjangoConnection, call: Call, *, savepoint: bool) -> Any:
    within = _savepoint(connection) if savepoint else translated()
    with within, connection.cursor() as cursor:
        cursor.execute(call.statement("%({})s"), call.given)
        row = cursor.fetchone()
    return call.result(row)


@contextmanager
def _savepoint(connection: DjangoConnection) -> Iterator[None]:
    """Outside a transaction Django makes none, and the statement is one of its own."""
    savepoint = connection.savepoint()
    try:
        with translated():
            yield
    except BaseException:
        connection.savepoint_rollback(savepoint)
        raise
    connection.savepoint_commit(savepoint)
