"""PostgreSQL crashes and loses commits that open pages were told of; transaction ids come again."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest

from dispatcher.db import connections, embedded
from dispatcher.db.embedded import Server
from dispatcher.deploy import schema
from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.stream.endpoint import StreamEndpoint
from dispatcher.gateway.token import TokenReader
from tests.support import given
from tests.support.event_source import opened
from tests.support.given import Connection
from tests.support.renderings import shipped_catalog
from tests.support.tokens import FRIEND, OURS, SECRET
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

#: Nothing is written to disk that nobody waits for, and so all of it is lost in a crash.
FORGETFUL = {"wal_writer_delay": "10s", "bgwriter_delay": "10s"}


@pytest.fixture
def server() -> Iterator[Server]:
    with embedded.server(keep=False, settings={"fsync": "on", **FORGETFUL}) as started:
        schema.deploy(started.url, events=shipped_catalog().events.values())
        with psycopg.connect(started.url, autocommit=True) as session:
            given.recipient(session)
        yield started


def stop_at_once(server: Server) -> None:
    server.restart("immediate")


def kill_a_session(server: Server) -> None:
    """The server stays and makes its memory anew: it has started once, and crashed all the same."""
    with psycopg.connect(server.url) as victim:
        os.kill(victim.info.backend_pid, signal.SIGKILL)
        with suppress(psycopg.OperationalError):
            victim.execute("select pg_sleep(60)")

    def answers() -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(server.url) as session:
            return session.execute("select 1").fetchone() == (1,)
        return False

    until(answers, "the server has recovered")


@asynccontextmanager
async def gateway(url: str) -> AsyncIterator[StreamEndpoint]:
    async with connections.pool(url, "gateway", 4) as pool:
        authenticator = Authenticator(
            pool,
            TokenReader([SECRET]),
            cookie_name="postbell",
            origin=OURS,
            allowed_origins=[FRIEND],
        )
        app = StreamEndpoint(url, pool, authenticator)
        app.start()
        try:
            yield app
        finally:
            await app.stop()


def tell(session: Connection, numbers: range) -> None:
    """Notifications in the inbox and on open pages, each in a transaction of its own."""
    for number in numbers:
        with session.transaction():
            given.inbox_item(session, id=number, outbox_id=number)
            given.insert(
                session, "stream_event",
                tenant_id="default", kind="notification", recipient_id="u1", frame={"id": number},
            )  # fmt: skip
            given.call(session, "notify_gateways")


def in_passing(url: str) -> Connection:
    """A session whose commits do not wait for the disk."""
    session: Connection = psycopg.connect(url, autocommit=True)
    session.execute("set synchronous_commit = off")
    return session


def inbox(url: str) -> list[int]:
    with psycopg.connect(url) as session:
        return given.column(session, "select id from postbell.inbox order by id")


@pytest.mark.parametrize("crash", [stop_at_once, kill_a_session])
async def test_pages_look_anew_after_a_crash_that_lost_what_they_had_been_told(
    server: Server, crash: Callable[[Server], None]
) -> None:
    async with gateway(server.url) as app, opened(app) as stays:
        async with opened(app) as leaves:
            with in_passing(server.url) as session:
                tell(session, range(1, 21))
                await leaves.until(lambda page: len(page.ids()) == 20)
                await stays.until(lambda page: len(page.ids()) == 20)
                position = leaves.last_id
                crash(server)
        assert inbox(server.url) == []
        # The same transaction ids once more, and others after them.
        with in_passing(server.url) as session:
            tell(session, range(101, 131))

        await stays.until(lambda page: page.of("reset"))
        await stays.until(lambda page: page.of("state")[-1]["unread"] == 30)

    async with gateway(server.url) as app, opened(app, last_id=position) as comes_back:
        await comes_back.until(lambda page: page.of("reset"))
        assert comes_back.of("reset") == [{"reason": "unknown_position"}]
        assert comes_back.of("state")[-1]["unread"] == len(inbox(server.url)) == 30


async def test_a_restart_in_good_order_loses_nothing_and_nobody_looks_anew(server: Server) -> None:
    async with gateway(server.url) as app, opened(app) as stays:
        with in_passing(server.url) as session:
            tell(session, range(1, 4))
        await stays.shows(1, 2, 3)

        server.restart("fast")
        with in_passing(server.url) as session:
            tell(session, range(4, 7))

        await stays.shows(1, 2, 3, 4, 5, 6)
        assert stays.of("reset") == []
