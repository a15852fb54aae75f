"""Where a command works: the database of the settings, or the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from dispatcher import contract, embedded
from dispatcher.cli.terminal import say
from dispatcher.settings import Settings

#: Seconds for a server to answer, unless the URL has a connect_timeout.
_PATIENCE = 10

Connection = psycopg.Connection[TupleRow]


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """URL of the database; the embedded server runs at least as long as the block does."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with embedded.server(keep=True) as server:
        say(
            f"POSTBELL_DATABASE_URL is not set: this is the embedded PostgreSQL in {server.folder}."
        )
        yield server.url


@contextmanager
def connected(settings: Settings) -> Iterator[Connection]:
    """A session that commits every statement, on a schema that is known to be ours."""
    with database_url(settings) as url, connect(url) as connection:
        contract.check_contract(connection)
        yield connection


def connect(url: str) -> Connection:
    """Raises psycopg.OperationalError, soon."""
    patience = conninfo_to_dict(url).get("connect_timeout") or _PATIENCE
    return psycopg.connect(
        url,
        autocommit=True,
        application_name="postbell cli",
        connect_timeout=int(patience),
        # A pooler may give the next transaction to a server that did not prepare the statement.
        prepare_threshold=None,
    )
