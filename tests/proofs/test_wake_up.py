"""Without a safety poll, an event that does not wake the sleeping router waits for ever.

Each event is waited for before the next is emitted: one that followed would hide the loss.
POSTBELL_TEST_WAKE_UPS says how many.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support import given
from tests.support.daemon_process import DaemonProcess, await_leader
from tests.support.databases import CreateDatabase
from tests.support.given import Connection
from tests.support.outcome import routed
from tests.support.producer import PAYLOAD
from tests.support.waiting import until

pytestmark = pytest.mark.slow

WAKE_UPS = int(os.environ.get("POSTBELL_TEST_WAKE_UPS", "10000"))
#: Seconds; around the time that the router takes to fall asleep, the longest that it may doze.
_GAP = 0.003


class Ticker:
    """Emits single events at random gaps and waits for each."""

    def __init__(self, url: str, router: DaemonProcess) -> None:
        self._producer = psycopg.connect(url, autocommit=True)
        self._observer = psycopg.connect(url, autocommit=True)
        self._router = router
        self._dice = random.Random(1)
        self.slowest = 0.0

    def tick(self) -> int:
        """One event, from its commit to its routing."""
        time.sleep(self._dice.expovariate(1 / _GAP))
        event = self.emit(self._producer)
        self.await_routed(event)
        return event

    def emit(self, connection: psycopg.Connection[Any]) -> int:
        row = connection.execute(
            "insert into postbell.outbox (event, recipient, payload, channels)"
            " values ('order.paid', 'u1', %s, '{in_app}') returning id",
            [PAYLOAD],
        ).fetchone()
        assert row is not None
        return int(row[0])

    def await_routed(self, event: int) -> None:
        began = time.monotonic()
        while not self._is_routed(event):
            self._router.fail_if_ended()
            if time.monotonic() - began > 20:
                raise AssertionError(f"event {event} woke nobody")
            time.sleep(0.0005)
        self.slowest = max(self.slowest, time.monotonic() - began)

    def close(self) -> None:
        self._producer.close()
        self._observer.close()

    def _is_routed(self, event: int) -> bool:
        query = "select from postbell_private.notification where id = %s"
        return self._observer.execute(query, [event]).rowcount == 1


@pytest.fixture(scope="module")
def url(create_database: CreateDatabase, template_url: str) -> str:
    """One database and one router for all of these tests: their events do not meet."""
    return create_database(template_url)


@pytest.fixture(scope="module")
def db(url: str) -> Iterator[Connection]:
    with psycopg.connect(url, autocommit=True) as session:
        given.recipient(session)
        yield session


@pytest.fixture(scope="module")
def ticker(url: str, db: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ticker]:
    """With a router that never looks unless it is woken."""
    log = tmp_path_factory.mktemp("router") / "log"
    router = DaemonProcess(url, log, dispatcher_enabled=False, safety_poll_seconds=0)
    router.start()
    try:
        await_leader(url, router)
        made = Ticker(url, router)
        yield made
        made.close()
    finally:
        router.close()


def is_asleep(connection: Connection) -> bool:
    """Whether the router holds the lock for which producers ring."""
    query = (
        "select count(*) from pg_locks where locktype = 'advisory' and classid = 1886351214"
        " and objid = 1 and mode = 'ExclusiveLock' and granted"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    return bool(given.value(connection, query))


def test_no_wake_up_is_lost(db: Connection, ticker: Ticker) -> None:
    events = {ticker.tick() for _ in range(300)}

    assert routed(db) >= events


def test_no_wake_up_is_lost_while_a_producer_is_held_open(
    db: Connection, url: str, ticker: Ticker
) -> None:
    events = set()
    with psycopg.connect(url) as held:
        for _ in range(4):
            # Begun while the router sleeps or not, committed some events later.
            opened = ticker.emit(held)
            events |= {opened, *(ticker.tick() for _ in range(15))}
            held.commit()
            ticker.await_routed(opened)

    assert routed(db) >= events


def test_a_producer_that_rolls_back_leaves_the_router_able_to_sleep_and_wake(
    db: Connection, url: str, ticker: Ticker
) -> None:
    undone = set()
    with psycopg.connect(url) as producer:
        for _ in range(20):
            undone.add(ticker.emit(producer))
            producer.rollback()
            ticker.tick()

    until(lambda: is_asleep(db), "the router sleeps")
    assert not routed(db) & undone


def test_another_session_that_listens_takes_nobodys_wake_up(
    db: Connection, url: str, ticker: Ticker
) -> None:
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute("listen postbell_wake")
        events = {ticker.tick() for _ in range(100)}
        heard = list(listener.notifies(timeout=0.1))

    assert routed(db) >= events
    # It heard the same bell.
    assert heard


@pytest.mark.timeout(WAKE_UPS * 0.05 + 120)
def test_no_wake_up_is_lost_among_thousands(db: Connection, url: str, ticker: Ticker) -> None:
    events = set()
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute("listen postbell_wake")
        with psycopg.connect(url) as held:
            for number in range(WAKE_UPS):
                events.add(ticker.tick())
                if number % 200 == 100:
                    opened = ticker.emit(held)
                    events |= {opened, *(ticker.tick() for _ in range(20))}
                    held.commit()
                    ticker.await_routed(opened)
        heard = sum(1 for _ in listener.notifies(timeout=0.1))
    print(f"{len(events)} events, {heard} rings; the slowest took {ticker.slowest * 1000:.0f} ms")

    assert routed(db) >= events
