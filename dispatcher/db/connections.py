"""Connections to PostgreSQL."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, LiteralString, ParamSpec, TypeVar

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool
from pydantic_core import from_json

from dispatcher.db.statement import Statement
from dispatcher.errors import translated

log = structlog.get_logger()

_P = ParamSpec("_P")
_Result = TypeVar("_Result")

#: Settings of every session. Each is set by a statement, since PgBouncer drops startup parameters.
#:
#: tcp_keepalives_*: a session may sleep for hours with a lock, which must not outlive its host. The
#: server probes every ten seconds, and ends the session after three probes without an answer.
#: jit, plan_cache_mode: the statements are few and are repeated. Each is planned once, and not
#: compiled, which takes longer than to run it.
#: enable_*: each statement looks up a few rows by key. A plan from when the tables were empty must
#: not scan them when they are full.
#: search_path: no function is found in a schema where somebody else may create one.
SESSION: Final[LiteralString] = (
    "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3;"
    " set jit = off; set plan_cache_mode = force_generic_plan;"
    " set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;"
    " set search_path = pg_catalog, pg_temp"
)

#: Prefixes of the SQLSTATEs after which a new session is needed: a broken connection (08), a server
#: that stops or starts (57P), and timeouts that end the session and not only the statement (25P03
#: idle_in_transaction_session_timeout, 25P04 transaction_timeout). A session that became read-only
#: (25006) is one with a former primary.
_LOST: Final = ("08", "57P", "25P03", "25P04", "25006")

#: Prefixes of the SQLSTATEs after which the same session may try again: rolled back because of
#: another transaction (40), out of resources (53), locked (55), cancelled by a timeout (57), or an
#: error of the operating system (58).
_PASSING: Final = ("40", "53", "55", "57", "58")


def is_session_lost(error: BaseException) -> bool:
    """Whether a new session is needed, because this one has ended or could not begin."""
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        # Not an error of the server, but of libpq, psycopg or the pool.
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate.startswith(_LOST)


def is_unavailable(error: BaseException) -> bool:
    """Whether the same statement may succeed later, on this session or a new one.

    False for errors that a row's content causes, also for exceeded limits (class 54).
    """
    if is_session_lost(error):
        return True
    return isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith(_PASSING)


def log_failure(part: str, error: psycopg.Error) -> None:
    """Log an error after which `part`, such as "router", tries again.

    The level is error if trying again does not help, as where a privilege is missing, else warning.
    """
    message = str(error).strip()
    if is_session_lost(error):
        log.warning("database connection lost", part=part, error=message)
        return
    level = logging.WARNING if is_unavailable(error) else logging.ERROR
    log.log(level, "database error", part=part, code=error.sqlstate, error=message)


#: For work that is repeated if a crash of the server undoes it. A later commit that waits for the
#: disk also makes these commits durable.
IN_PASSING: Final[LiteralString] = "; set synchronous_commit = off"


async def connect(url: str, name: str, *, is_in_passing: bool = False) -> AsyncConnection[TupleRow]:
    """Open a session outside the pool, which commits every statement. Raises psycopg.Error.

    `name` is shown in pg_stat_activity, after "postbell". With `is_in_passing` commits do not wait
    for the disk.
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

    A session that was lost while idle fails at its next use, and is replaced then.
    """

    async def call(
        self, statement: Statement[_P, _Result], *args: _P.args, **kwargs: _P.kwargs
    ) -> _Result:
        """Execute one statement and commit it. Raises PostbellError for errors of the schema."""
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
                # The server may be a standby now, and the session would stay read-only.
                await borrowed.close()
                raise


def pool(url: str, name: str, size: int) -> Pool:
    """A pool of up to `size` sessions, which commit every statement. It is not open yet."""
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
    # On a standby some statements fail with errors that do not name the cause. It is an
    # OperationalError because the standby may be promoted, so the caller tries again.
    if connection.info.parameter_status("in_hot_standby") == "on":
        raise psycopg.OperationalError(
            "this server is a standby, which takes no writes: name all hosts in"
            " POSTBELL_DATABASE_URL, and target_session_attrs=read-write"
        )
    set_json_loads(_read_json, connection)
    await connection.execute(settings)


def _read_json(written: str | bytes) -> Any:
    """Returns what json.loads does. pydantic_core's parser is the faster one."""
    try:
        return from_json(written, cache_strings="keys")
    except ValueError:
        # It refuses nesting deeper than 200 levels, which PostgreSQL and json.loads take.
        return json.loads(written)
