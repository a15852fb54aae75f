"""The command line, run in this process against a deployed database of the test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.support import given
from tests.support.cli import Cli


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("POSTBELL_"):
            monkeypatch.delenv(name)


@pytest.fixture
def bare() -> Cli:
    """Without a database."""
    return Cli()


@pytest.fixture
def cli(bare: Cli, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """On the test's own deployed database, where u1 is known."""
    monkeypatch.setenv("POSTBELL_DATABASE_URL", database_url)
    return bare


@pytest.fixture
def database(database_url: str) -> Iterator[given.Connection]:
    """A session on the same database, which commits every statement."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        given.recipient(connection, "u1")
        yield connection
