"""Daemons and mail servers that end with the test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dispatcher import package_data
from dispatcher.db import embedded
from dispatcher.delivery.backoff import Backoff
from dispatcher.deploy import schema
from dispatcher.rendering.catalog import Catalog
from tests.support import given
from tests.support.daemon_process import DaemonProcess, StartDaemon
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.manual import ROOT


@pytest.fixture
def start_daemon(tmp_path: Path) -> Iterator[StartDaemon]:
    """Starts `postbell run`; what is still running at the end of the test is killed."""
    numbers = count()
    with ExitStack() as closing:

        def start(url: str, *, checkout: Path = ROOT, **settings: object) -> DaemonProcess:
            log = tmp_path / f"daemon_{next(numbers)}.log"
            daemon = DaemonProcess(url, log, checkout=checkout, **settings)
            # Shown where the test failed.
            closing.callback(lambda: print(daemon.log()[-4000:]))
            closing.callback(daemon.close)
            daemon.start()
            return daemon

        yield start


@pytest.fixture
def mail_sink(tmp_path: Path) -> Iterator[MailSink]:
    """A mail server that takes 20 ms for each mail: slow enough to be caught at it."""
    with MailSink(tmp_path / "mails", seconds=0.02) as sink:
        yield sink


@pytest.fixture
def db(database_url: str) -> Iterator[Connection]:
    """A session that commits each statement, on a database of the test's own that knows u1."""
    with psycopg.connect(database_url, autocommit=True) as session:
        given.recipient(session)
        yield session


@pytest.fixture
def owned_url(template_url: str, empty_url: str) -> Iterator[str]:
    """A superuser's way to a database that postbell_owner has deployed to, with nobody in it.

    The roles are there from the template, so that they stay when the owner goes.
    """
    with psycopg.connect(empty_url, autocommit=True) as session:
        session.execute("create role postbell_owner login createrole")
        session.execute(
            sql.SQL("grant create, temporary on database {} to postbell_owner").format(
                sql.Identifier(str(session.info.dbname))
            )
        )
        schema.deploy(
            make_conninfo(empty_url, user="postbell_owner"),
            events=Catalog.load([package_data.folder("templates")]).events.values(),
        )
    yield empty_url
    with psycopg.connect(empty_url, autocommit=True) as session:
        session.execute("drop owned by postbell_owner cascade; drop role postbell_owner")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every channel of a daemon in this process tries again at once, or when it was told to."""

    def wait(
        _: Backoff, attempt: int, retry_after: timedelta | None = None, **__: object
    ) -> timedelta:
        return max(retry_after or timedelta(0), timedelta(seconds=0.2))

    monkeypatch.setattr(Backoff, "wait", wait)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the command `postbell`, installed or not."""
    command = tmp_path / "bin" / "postbell"
    command.parent.mkdir()
    command.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from dispatcher.cli import main\nmain()\n"
    )
    command.chmod(0o755)
    return command.parent


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """An empty database in a cluster that has never heard of Postbell, its roles included."""
    with embedded.server(keep=False) as server:
        with psycopg.connect(server.url, autocommit=True) as session:
            session.execute("create database restored")
        yield make_conninfo(server.url, dbname="restored")
