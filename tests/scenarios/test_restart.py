"""PostgreSQL crashes and comes back, while producers and the daemon are at work.

POSTBELL_TEST_RESTARTS says how often.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import psycopg
import pytest

from dispatcher.db import embedded
from dispatcher.db.embedded import Server
from dispatcher.deploy import schema
from tests.support import given
from tests.support.daemon_process import StartDaemon, await_leader
from tests.support.mail_sink import MailSink
from tests.support.outcome import left_over, message_ids, routed
from tests.support.producer import Producer, producing
from tests.support.renderings import shipped_catalog
from tests.support.waiting import until

pytestmark = pytest.mark.slow

RESTARTS = int(os.environ.get("POSTBELL_TEST_RESTARTS", "5"))
_IN_FLIGHT = 8


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the test's own, which keeps what it promised to keep (fsync is on)."""
    with embedded.server(keep=False, settings={"fsync": "on"}) as started:
        schema.deploy(started.url, events=shipped_catalog().events.values())
        with psycopg.connect(started.url, autocommit=True) as connection:
            given.recipient(connection)
        yield started


def restart(
    server: Server, start_daemon: StartDaemon, mail_sink: MailSink, restarts: int, many: int
) -> list[Producer]:
    """Returns the producers when the daemon, the same all the time, has nothing more to do."""
    daemon = start_daemon(
        server.url, smtp_url=mail_sink.url, lease_seconds=1, email_concurrency=_IN_FLIGHT
    )
    began_as = daemon.pid
    with producing(
        server.url, many, channels=("in_app", "email"), pause=0.1, longest=0.5
    ) as producers:
        for _ in range(restarts):
            await_leader(server.url, daemon)
            mail_sink.await_another()
            time.sleep(0.5)
            server.restart("immediate")
        await_leader(server.url, daemon)
        daemon.fail_if_ended()

    with psycopg.connect(server.url, autocommit=True) as connection:
        committed = {number for producer in producers for number in producer.committed}
        until(lambda: routed(connection) >= committed, "all that was committed is routed")
        until(lambda: not left_over(connection), "everything is settled")
    assert daemon.is_running()
    assert daemon.pid == began_as
    assert daemon.stop() == 0
    return producers


def verify(url: str, producers: list[Producer], mail_sink: MailSink, restarts: int) -> None:
    assert [producer.error for producer in producers if producer.error] == []
    committed = {number for producer in producers for number in producer.committed}
    # The server died before it could say whether it had committed these.
    doubtful = {number for producer in producers for number in producer.doubtful}
    undone = {number for producer in producers for number in producer.undone}
    with psycopg.connect(url, autocommit=True) as connection:
        arrived = routed(connection)
        assert committed <= arrived <= committed | doubtful
        assert not arrived & undone
        inbox = given.column(connection, "select outbox_id from postbell.inbox_item")
        assert sorted(inbox) == sorted(arrived)
        copies = mail_sink.copies()
        assert set(message_ids(connection)) == set(copies)
        assert len(copies) == len(arrived)
        assert left_over(connection) == {}
    duplicates = copies.total() - len(copies)
    print(
        f"{len(arrived)} events, {restarts} crashes of the server: nothing lost, "
        f"{duplicates} mails sent twice (at most {restarts * _IN_FLIGHT} were in flight)"
    )
    assert duplicates <= restarts * _IN_FLIGHT


@pytest.mark.timeout(RESTARTS * 30 + 180)
def test_the_daemon_outlives_crashes_of_the_server_and_loses_nothing(
    server: Server, start_daemon: StartDaemon, mail_sink: MailSink
) -> None:
    producers = restart(server, start_daemon, mail_sink, RESTARTS, many=4)

    verify(server.url, producers, mail_sink, RESTARTS)


def test_the_daemon_outlives_a_crash_of_the_server(
    server: Server, start_daemon: StartDaemon, mail_sink: MailSink
) -> None:
    producers = restart(server, start_daemon, mail_sink, 1, many=1)

    verify(server.url, producers, mail_sink, 1)
