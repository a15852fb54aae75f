"""The databases of the tests: what they are made with, and sessions that serve test after test.

Making a database anew, and above all planning the router's statements anew, takes ten times as long
as most of the tests.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import LiteralString

import psycopg
from psycopg import pq, sql

# What is lost in a crash of the machine is only the test.
IN_HASTE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
ROOMY = {"max_connections": "200", "max_prepared_transactions": "20"}
CreateDatabase = Callable[..., str]


#: Seconds for sessions that a test closed to be gone.
PATIENCE = 0.3
#: What tests replace to stop the clock, and how it is brought back.
_CLOCK: LiteralString = "'postbell.clock()'::regprocedure"
#: Changes with any definition, grant or truncation: then the database is not what it was.
_SHAPE: LiteralString = " union all ".join(
    f"select $${catalog}$$, count(*), max(xmin::text::bigint) from pg_catalog.{catalog}"
    for catalog in (
        "pg_attrdef", "pg_class", "pg_constraint", "pg_db_role_setting", "pg_namespace",
        "pg_policy", f"pg_proc where oid <> {_CLOCK}", "pg_trigger", "pg_type",
    )
)  # fmt: skip


#: Ends what a test may have left in a session besides plans.
_RESET: LiteralString = (
    "reset session authorization; reset all; unlisten *; discard temp;"
    " select pg_advisory_unlock_all()"
)


class RolledBack:
    """A session in which each test begins a transaction. It outlives them, with its plans."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: psycopg.Connection | None = None

    def begin(self) -> psycopg.Connection:
        if self._session is None or self._session.closed:
            self._session = psycopg.connect(self._url)
        return self._session

    def end(self) -> None:
        """Roll back what a test did."""
        if self._session is None:
            return
        try:
            self._session.rollback()
            self._session.execute(_RESET)
            self._session.commit()
        except psycopg.Error:
            # The test has ended the session, or the server.
            self.close()

    def close(self) -> None:
        if self._session is not None:
            self._session.close()


class Kept:
    """A database that each test finds as it was deployed. One session outlives them, with plans."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = psycopg.connect(url, autocommit=True)
        # A session of its own, because a change of this setting throws away all plans. Under it no
        # trigger fires, and nothing checks the keys, so that tables can be emptied in any order.
        self._cleaner = psycopg.connect(
            url, autocommit=True, options="-c session_replication_role=replica"
        )
        self._remember()
        self._shape = self.session.execute(_SHAPE).fetchall()
        self._clock = self._definition()

    def clean(self) -> bool:
        """Undo what a test committed. False if it did more than that: then make another."""
        if self.session.closed or self._cleaner.closed or not self._is_alone():
            return False
        if self.session.info.transaction_status is not pq.TransactionStatus.IDLE:
            self.session.rollback()
        self.session.autocommit = True
        self.session.execute(_RESET)
        if self._definition() != self._clock:
            self.session.execute(self._clock.encode())
        if self.session.execute(_SHAPE).fetchall() != self._shape:
            return False
        try:
            self._cleaner.execute("select kept.restore()")
        except psycopg.OperationalError:
            return False
        return True

    def close(self) -> None:
        self.session.close()
        self._cleaner.close()

    def _remember(self) -> None:
        """Makes a function that brings every table back to what is in it now."""
        tables = self.session.execute(
            "select relnamespace::regnamespace::text, relname from pg_catalog.pg_class"
            " where relnamespace::regnamespace::text like 'postbell%'"
            " and relkind in ('r', 'p') and not relispartition"
        ).fetchall()
        self.session.execute("create schema kept")
        steps: list[sql.Composable] = []
        for number, (schema, table) in enumerate(tables):
            name = sql.Identifier(schema, table)
            copy = sql.Identifier("kept", f"table_{number}")
            steps.append(sql.SQL("delete from {}").format(name))
            (is_filled,) = self._one(sql.SQL("select exists (select from {})").format(name))
            if is_filled:
                self.session.execute(sql.SQL("create table {} as table {}").format(copy, name))
                steps.append(
                    sql.SQL("insert into {} overriding system value table {}").format(name, copy)
                )
        for schema, sequence, value in self.session.execute(
            "select schemaname, sequencename, last_value from pg_catalog.pg_sequences"
            " where schemaname like 'postbell%'"
        ).fetchall():
            steps.append(
                sql.SQL("perform setval({}, {}, {})").format(
                    f'{schema}."{sequence}"', value or 1, value is not None
                )
            )
        self.session.execute(
            sql.SQL("create function kept.restore() returns void language plpgsql as {}").format(
                sql.Literal(
                    sql.SQL("begin {}; end")
                    .format(sql.SQL("; ").join(steps))
                    .as_string(self.session)
                )
            )
        )

    def _definition(self) -> str:
        """Of the clock."""
        (found,) = self._one(sql.SQL("select pg_get_functiondef({})").format(sql.SQL(_CLOCK)))
        return str(found)

    def _one(self, query: sql.Composed) -> tuple[object, ...]:
        row = self.session.execute(query).fetchone()
        assert row is not None
        return row

    def _is_alone(self) -> bool:
        """Whether every other session has ended, and no prepared transaction is left."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                (others,) = self._one(
                    sql.SQL(
                        "select (select count(*) from pg_catalog.pg_stat_activity"
                        " where datname = current_database()"
                        " and pid not in (pg_backend_pid(), {})"
                        " and backend_type = 'client backend')"
                        " + (select count(*) from pg_catalog.pg_prepared_xacts"
                        " where database = current_database())"
                    ).format(self._cleaner.info.backend_pid)
                )
            except psycopg.Error:
                return False
            if not others:
                return True
            time.sleep(0.01)
        return False
