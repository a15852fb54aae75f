"""Checks that a connection pooler, such as PgBouncer, keeps sessions."""

from __future__ import annotations

import secrets
from typing import Final

import psycopg

#: Seconds within which a notification must arrive through a pooler.
PATIENCE: Final = 5.0


class PoolerError(Exception):
    """The database is behind a pooler that does not keep sessions. The text has the remedy."""


def check_sessions(url: str) -> None:
    """Raise PoolerError unless a session opened at `url` (libpq) keeps its server process.

    Otherwise LISTEN and session locks would be lost, and the leadership would stay with a server
    process that the pooler has given to somebody else: no other daemon could ever lead.
    """
    with psycopg.connect(url, autocommit=True) as listener:
        row = listener.execute("select pg_backend_pid()").fetchone()
        # A pooler answers a login before it has a server process, and invents the process id.
        if row == (listener.info.backend_pid,):
            return
        listener.execute("listen postbell_session_check")
        sent = secrets.token_hex(8)
        with psycopg.connect(url, autocommit=True) as sender:
            sender.execute("select pg_notify('postbell_session_check', %s)", [sent])
        if not any(
            received.payload == sent
            for received in listener.notifies(timeout=PATIENCE, stop_after=1)
        ):
            raise PoolerError(
                "POSTBELL_DATABASE_URL leads to a pooler that gives each transaction another"
                " session, and nothing that listens there is ever rung: name PostgreSQL itself, or"
                " a database of the pooler with pool_mode = session."
            )
