"""A server for the session, a deployed database to clone, and connections to either."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pytest_postgresql.janitor import DatabaseJanitor

from dispatcher.db import connections, embedded
from dispatcher.db.connections import Pool
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.deploy import schema
from dispatcher.rendering.catalog import Catalog
from tests.support import given
from tests.support.background import Connect
from tests.support.daemon_process import DaemonProcess, StartDaemon
from tests.support.databases import IN_HASTE, ROOMY, CreateDatabase, Kept, RolledBack
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.manual import ROOT
from tests.support.renderings import shipped_catalog

#: Names another server to test on.
ELSEWHERE = "POSTBELL_TEST_DATABASE_URL"

#: Where Linux keeps files in memory: hundreds of databases come and go there unwritten.
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own in it
#: Bytes that have to be free in it.
ROOM = 2 << 30


# How wide a terminal is decides what some commands print. Theirs is none; that of whoever runs the
# suite must not count.
os.environ.pop("COLUMNS", None)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server on which databases may be made: the one that is named, else our own."""
    given = os.environ.get(ELSEWHERE)
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="postbell-", dir=_in_memory()))
    with embedded.server(folder, keep=False, settings=IN_HASTE | ROOMY) as server:
        yield server.url


def _in_memory() -> Path | None:
    """None where there is no such place, or too little room in it."""
    if not os.access(IN_MEMORY, os.W_OK):
        return None
    space = os.statvfs(IN_MEMORY)
    return IN_MEMORY if space.f_bavail * space.f_frsize >= ROOM else None


@pytest.fixture(scope="session")
def create_database(server_url: str) -> Iterator[CreateDatabase]:
    """Makes an empty database, or a clone of `template`, and returns its URL."""
    where = conninfo_to_dict(server_url)
    parts = urlsplit(server_url)
    numbers = count()
    # A server of our own goes with all that is in it.
    is_a_guest = ELSEWHERE in os.environ

    with ExitStack() as dropping:

        def create(template: str | None = None) -> str:
            name = f"postbell_test_{os.getpid()}_{next(numbers)}"
            janitor = DatabaseJanitor(
                user=str(where.get("user", "postgres")),
                password=str(where["password"]) if "password" in where else None,
                host=str(where.get("host", "127.0.0.1")),
                port=int(where.get("port") or 5432),
                dbname=name,
                template_dbname=urlsplit(template).path[1:] if template else None,
            )
            janitor.init()
            if is_a_guest:
                dropping.callback(janitor.drop)
            return urlunsplit(parts._replace(path="/" + quote(name)))

        yield create


@pytest.fixture(scope="session")
def template_url(create_database: CreateDatabase) -> str:
    """A deployed database that nobody uses: what clones are made of."""
    url = create_database()
    schema.deploy(url, events=shipped_catalog().events.values())
    return url


@pytest.fixture(scope="session")
def shared_url(create_database: CreateDatabase, template_url: str) -> str:
    """A deployed database for tests that roll back what they do."""
    return create_database(template_url)


@pytest.fixture
def empty_url(server_url: str, create_database: CreateDatabase) -> Iterator[str]:
    """A database of the test's own, with nothing in it."""
    url = create_database()
    yield url
    _drop(server_url, url)


@pytest.fixture(scope="session")
def keep(create_database: CreateDatabase, template_url: str) -> Iterator[Callable[[], Kept]]:
    """The database that serves test after test, and another one when it is spoilt."""
    kept: list[Kept] = []

    def keep() -> Kept:
        if not kept or not kept[0].clean():
            for spoilt in kept:
                spoilt.close()
            kept[:] = [Kept(create_database(template_url))]
        return kept[0]

    yield keep
    for each in kept:
        each.close()


@pytest.fixture
def kept(keep: Callable[[], Kept]) -> Kept:
    return keep()


@pytest.fixture
def database_url(kept: Kept) -> str:
    """A deployed database with nobody in it, in which the test may commit."""
    return kept.url


def _drop(server_url: str, url: str) -> None:
    # A test may have stopped or replaced the server, and the database with it.
    with suppress(psycopg.OperationalError), psycopg.connect(server_url, autocommit=True) as admin:
        name = sql.Identifier(urlsplit(url).path[1:])
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(name))


@pytest.fixture(scope="session")
def rolled_back(shared_url: str) -> Iterator[RolledBack]:
    session = RolledBack(shared_url)
    yield session
    session.close()


@pytest.fixture
def connection(rolled_back: RolledBack) -> Iterator[psycopg.Connection]:
    """A transaction on a deployed database, rolled back at the end."""
    yield rolled_back.begin()
    rolled_back.end()


@pytest.fixture
async def async_connection(shared_url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """As `connection`, for a test that awaits."""
    async with await psycopg.AsyncConnection.connect(shared_url) as opened:
        yield opened
        await opened.rollback()


@pytest.fixture
def db(kept: Kept) -> Connection:
    """A session that commits each statement, on a database that knows u1."""
    given.recipient(kept.session)
    return kept.session


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[Pool]:
    """A daemon's pool."""
    async with connections.pool(database_url, "sender", 4) as opened:
        yield opened


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The templates that come with Postbell."""
    return shipped_catalog()


@pytest.fixture
def template_sets(catalog: Catalog) -> TemplateSets:
    """What messages are made from, for a dispatcher that has just begun."""
    return TemplateSets(catalog)


@pytest.fixture
def connect(database_url: str) -> Iterator[Connect]:
    """Opens sessions on the test's own database; what a session holds ends with the test."""
    opened: list[Connection] = []

    def open_one(*, autocommit: bool = True) -> Connection:
        session = psycopg.connect(database_url, autocommit=autocommit)
        opened.append(session)
        return session

    yield open_one
    for session in opened:
        session.close()


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
