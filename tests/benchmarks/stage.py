"""Where a benchmark plays: a PostgreSQL of its own, and databases on it, ours and the peers'."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from dispatcher import package_data
from dispatcher.db import embedded
from dispatcher.deploy import schema
from dispatcher.rendering.catalog import Catalog
from tests.benchmarks import machine
from tests.benchmarks.peers import tables

#: Events of the benchmarks themselves, beside those of the package.
TEMPLATES = Path(__file__).parent / "templates"

#: An event for the inbox alone, with the text of order.paid.
EVENT = "order.receipted"

#: Whoever may not begin yet waits for this advisory lock.
GATE = 7


class Stage:
    """A running server."""

    def __init__(self, server: embedded.Server) -> None:
        self._server = server
        self._head = machine.described(server.url)
        self._processors = machine.Processors.now()

    @property
    def head(self) -> list[str]:
        """The machine, and what its processors did since the stage was opened."""
        return [*self._head, self._processors.since()]

    def ours(self, name: str) -> str:
        """A new database with Postbell deployed; its URL."""
        url = self._create(name)
        catalog = Catalog.load([package_data.folder("templates"), TEMPLATES])
        schema.deploy(url, events=catalog.events.values())
        return url

    def theirs(self, name: str) -> str:
        """A new database with the tables that a peer's handler reads and writes; its URL."""
        url = self._create(name)
        with connected(url) as connection:
            connection.execute(tables.CREATE)
        return url

    def _create(self, name: str) -> str:
        with connected(self._server.url) as connection:
            connection.execute(f'create database "{name}"'.encode())
        return self._server.url_of(name)


@contextmanager
def opened() -> Iterator[Stage]:
    """A stage for as long as the block lasts; nothing of it remains.

    POSTBELL_TEST_POSTGRESQL names the folder of another server's programs than the embedded one's.
    """
    other = os.environ.get("POSTBELL_TEST_POSTGRESQL")
    binaries = Path(other) if other else None
    with embedded.server(keep=False, settings=machine.SETTINGS, binaries=binaries) as server:
        yield Stage(server)


def connected(url: str) -> psycopg.Connection[Any]:
    """A session that commits each statement."""
    return psycopg.connect(url, autocommit=True)


def value(connection: psycopg.Connection[Any], query: str, *arguments: object) -> Any:
    """The only value of a query's only row."""
    row = connection.execute(query.encode(), arguments).fetchone()
    assert row is not None
    return row[0]


def column(connection: psycopg.Connection[Any], query: str, *arguments: object) -> list[Any]:
    """The values of a query with one column."""
    return [row[0] for row in connection.execute(query.encode(), arguments).fetchall()]


@contextmanager
def closed_gate(url: str) -> Iterator[Callable[[], None]]:
    """Holds back whoever waits at the gate of a database, until what it yields is called."""
    with connected(url) as session:
        session.execute("select pg_advisory_lock(%s)", [GATE])
        yield session.close


@contextmanager
def held_lead(url: str) -> Iterator[Callable[[], None]]:
    """Leads in place of the router, which stands by, until what it yields is called."""
    with connected(url) as session:
        session.execute("select postbell_private.acquire_leadership()")
        yield session.close


def interleaved(rounds: int, names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """A B A B …: a machine that slows down over time slows down all of them."""
    for number in range(rounds):
        for name in names:
            yield number, name
