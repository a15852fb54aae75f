"""Connections to PostgreSQL."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, LiteralString, ParamSpec, TypeVar

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from dispatcher.db.statement import Statement
from dispatcher.errors import translated

log = structlog.get_logger()

_P = ParamSpec("_P")
_Result = TypeVar("_Result")

#: A session that sleeps for hours holding a lock must not outlive its host: the server asks every
#: ten seconds and gives up after three silences. The statements are few and come again and again:
#: planned once, and never compiled, which would take longer than they do. Each looks up a handful
#: of rows by key; a plan made while the tables were empty must not read them whole when they are
#: full. And nothing is found in a schema where others may put a function of the same name. Said to
#: the session and not while it is opened, for PgBouncer does not pass that on.
SESSION: Final[LiteralString] = (
    "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3;"
    " set jit = off; set plan_cache_mode = force_generic_plan;"
    " set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;"
    " set search_path = pg_catalog, pg_temp"
)

#: SQLSTATEs, or how they begin, of what ends a session, or its use, through no fault of the
#: statement: a broken connection, a server that stops or starts, a limit in time that ends the
#: session and not only its statement (idle_in_transaction_session_timeout, transaction_timeout). A
#: session that may only read any more is one to a server that lost the lead to another.
_LOST: Final = ("08", "57P", "25P03", "25P04", "25006")

#: How those begin that pass with time: a transaction rolled back for another's sake, no room, a
#: lock or a time limit, trouble outside the server. The session is good for another try.
_PASSING: Final = ("40", "53", "55", "57", "58")


def is_session_lost(error: BaseException) -> bool:
    """Whether a new session is needed: this one has ended, or could not begin."""
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        # Not the server's words but libpq's, psycopg's or the pool's.
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate.startswith(_LOST)


def is_unavailable(error: BaseException) -> bool:
    """Whether the same may succeed later: the session is lost, or what was said against it passes.

    What a row's content provokes, a limit that it exceeds included (class 54), does not pass.
    """
    if is_session_lost(error):
        return True
    return isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith(_PASSING)


def log_failure(part: str, error: psycopg.Error) -> None:
    """Says why a part that goes on trying cannot use the database just now.

    What does not pass by itself, such as a permission that is missing, is an error.
    """
    said = str(error).strip()
    if is_session_lost(error):
        log.warning("lost the database", part=part, error=said)
        return
    level = logging.WARNING if is_unavailable(error) else logging.ERROR
    log.log(level, "the database refused", part=part, code=error.sqlstate, error=said)


#: For what is done again if a crash of the server undoes it. Whoever waits for the disk later waits
#: for all that was written before.
IN_PASSING: Final[LiteralString] = "; set synchronous_commit = off"


async def connect(url: str, name: str, *, is_in_passing: bool = False) -> AsyncConnection[TupleRow]:
    """A session of its own, committing every statement. `name` shows in pg_stat_activity.

    `is_in_passing` says that its commits do not wait for the disk.
    """
    connection = await AsyncConnection.connect(
        url, autocommit=True, application_name=f"postbell {name}"
    )
    try:
        await _prepare(connection, SESSION + IN_PASSING if is_in_passing else SESSION)
    except BaseException:
        await connection.close()
        raise
    return connection


class Pool(AsyncConnectionPool[AsyncConnection[TupleRow]]):
    """Sessions to borrow for a statement or a transaction.

    One that was lost while idle fails at its next use, and is replaced.
    """

    async def call(
        self, statement: Statement[_P, _Result], *args: _P.args, **kwargs: _P.kwargs
    ) -> _Result:
        """Executes one statement, and commits it. Raises PostbellError for the schema's errors."""
        with translated():
            async with self.connection() as connection:
                return await statement(connection, *args, **kwargs)

    @asynccontextmanager
    async def connection(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg_pool's
    ) -> AsyncIterator[AsyncConnection[TupleRow]]:
        async with super().connection(timeout) as borrowed:
            try:
                yield borrowed
            except psycopg.errors.ReadOnlySqlTransaction:
                # It may stay so for as long as it lives.
                await borrowed.close()
                raise


def pool(url: str, name: str, size: int) -> Pool:
    """Up to `size` sessions, committing every statement; not yet open."""
    return Pool(
        url,
        min_size=1,
        max_size=size,
        open=False,
        timeout=30,
        configure=_prepare,
        kwargs={"autocommit": True, "application_name": f"postbell {name}"},
    )


async def _prepare(
    connection: AsyncConnection[TupleRow], settings: LiteralString = SESSION
) -> None:
    # Some of what fails there does not sound like it, and it may be the primary soon.
    if connection.info.parameter_status("in_hot_standby") == "on":
        raise psycopg.OperationalError(
            "this server is a standby, which takes no writes: name all hosts in"
            " POSTBELL_DATABASE_URL, and target_session_attrs=read-write"
        )
    await connection.execute(settings)
