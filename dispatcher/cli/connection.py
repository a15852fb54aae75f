"""The database of a command: that of the settings, or the embedded one with --embedded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from dispatcher.cli.errors import CommandError, ExitCode
from dispatcher.cli.output import echo_stderr
from dispatcher.cli.suggestions import suggesting

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import TupleRow

    from dispatcher.settings import Settings

#: Seconds for a server to answer, unless the URL has a connect_timeout.
_CONNECT_TIMEOUT = 10

Connection: TypeAlias = "psycopg.Connection[TupleRow]"


@contextmanager
def database_url(settings: Settings, *, is_embedded: bool | None) -> Iterator[str]:
    """Yield the URL of the database; an embedded server runs at least as long as the block.

    `is_embedded` is None for a command without --embedded. Raises CommandError if no database is
    named, EmbeddedError if the embedded server does not start.
    """
    if is_embedded:
        from dispatcher.db import embedded

        with embedded.server(keep=True) as server:
            echo_stderr(f"This is the embedded PostgreSQL in {server.folder}.")
            yield server.url
    else:
        yield named_database(settings, may_be_embedded=is_embedded is not None)


def named_database(settings: Settings, *, may_be_embedded: bool = True) -> str:
    """The URL in the settings. Raises CommandError if there is none.

    Falling back to the embedded server would hide the mistake: events would be emitted elsewhere.
    """
    if settings.database_url is None:
        otherwise = ", or say --embedded for a PostgreSQL of Postbell's own"
        raise CommandError(
            "POSTBELL_DATABASE_URL is not set: name the database in it, as in"
            f" postgresql://user:password@host:5432/name{otherwise if may_be_embedded else ''}.",
            ExitCode.USAGE,
        )
    return settings.database_url.get_secret_value()


@contextmanager
def connected(
    settings: Settings | None = None, *, is_embedded: bool | None, tenant: str | None = None
) -> Iterator[Connection]:
    """Yield a session that commits each statement, on a schema of this package's contract.

    The settings are those of the environment if not given. `is_embedded` is None for a command
    without --embedded. `tenant` is the one whose people are named. Raises SettingsError, and
    SchemaError for another contract.
    """
    from dispatcher.deploy import contract
    from dispatcher.settings import Settings

    settings = settings or Settings.load()
    with database_url(settings, is_embedded=is_embedded) as url, connect(url) as connection:
        contract.check_contract(connection)
        with suggesting(connection, tenant or "default"):
            yield connection


def connect(url: str) -> Connection:
    """Connect. Raises psycopg.OperationalError after the time-out."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    timeout = conninfo_to_dict(url).get("connect_timeout") or _CONNECT_TIMEOUT
    return psycopg.connect(
        url,
        autocommit=True,
        application_name="postbell cli",
        connect_timeout=int(timeout),
        # Behind a pooler the next transaction may run in a session without the prepared statement.
        prepare_threshold=None,
    )
