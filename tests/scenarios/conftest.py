"""Daemons and mail servers that end with the test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dispatcher.db import embedded
from dispatcher.delivery.backoff import Backoff
from dispatcher.deploy import schema
from tests.support import given
from tests.support.given import Connection
from tests.support.manual import ROOT
from tests.support.renderings import shipped_catalog


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
            events=shipped_catalog().events.values(),
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
