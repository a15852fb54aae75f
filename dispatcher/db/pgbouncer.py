"""Whether a pooler before the server leaves us our sessions."""

from __future__ import annotations

import secrets
from typing import Final

import psycopg

#: Seconds for a bell to be heard, where a pooler stands in between.
PATIENCE: Final = 5.0


class PoolerError(Exception):
    """The database is behind a pooler that changes sessions, and where to find it otherwise."""


def check_sessions(url: str) -> None:
    """Raise PoolerError unless a session that is opened at `url` (libpq) stays what it is.

    Locks and LISTEN would go astray, and the lead would stay with a server process that is
    somebody else's by then: no other daemon could ever have it.
    """
    with psycopg.connect(url, autocommit=True) as ear:
        row = ear.execute("select pg_backend_pid()").fetchone()
        # A pooler lets clients in before it has a server process for them, and makes the id up.
        if row == (ear.info.backend_pid,):
            return
        ear.execute("listen postbell_ear")
        sound = secrets.token_hex(8)
        with psycopg.connect(url, autocommit=True) as mouth:
            mouth.execute("select pg_notify('postbell_ear', %s)", [sound])
        if not any(
            heard.payload == sound for heard in ear.notifies(timeout=PATIENCE, stop_after=1)
        ):
            raise PoolerError(
                "POSTBELL_DATABASE_URL leads to a pooler that gives each transaction another"
                " session, and nothing that listens there is ever rung: name PostgreSQL itself, or"
                " a database of the pooler with pool_mode = session."
            )
