"""Producers of every kind, two routers, and a leader that is killed again and again.

POSTBELL_TEST_HAMMER_SECONDS and POSTBELL_TEST_HAMMER_PRODUCERS make it longer or wider.
"""

from __future__ import annotations

import os
import time

import psycopg
import pytest

from tests.support import given
from tests.support.daemon_process import StartDaemon, await_leader, await_standby
from tests.support.given import Connection
from tests.support.outcome import routed
from tests.support.producer import Producer, producing
from tests.support.waiting import until

SECONDS = float(os.environ.get("POSTBELL_TEST_HAMMER_SECONDS", "60"))
PRODUCERS = int(os.environ.get("POSTBELL_TEST_HAMMER_PRODUCERS", "12"))
_KILL_EVERY = 3.0


def hammer(
    url: str, start_daemon: StartDaemon, *, seconds: float, kill_every: float, longest: float
) -> list[Producer]:
    """Returns the producers when all they committed is routed; prints what was done."""
    takeovers = []
    leading = start_daemon(url, dispatcher_enabled=False, safety_poll_seconds=5)
    session = await_leader(url, leading)
    standing_by = start_daemon(url, dispatcher_enabled=False, safety_poll_seconds=5)

    with producing(url, PRODUCERS, longest=longest, pause=0.05) as producers:
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            time.sleep(kill_every)
            await_standby(url, standing_by)
            killed_at = time.monotonic()
            leading.kill()
            session = await_leader(url, standing_by, other_than=session)
            takeovers.append(time.monotonic() - killed_at)
            leading.start()
            leading, standing_by = standing_by, leading

    committed = {number for producer in producers for number in producer.committed}
    with psycopg.connect(url, autocommit=True) as connection:
        until(lambda: routed(connection) >= committed, "all that was committed is routed")
    print(
        f"{len(committed)} events committed by {PRODUCERS} producers, "
        f"{sum(len(producer.undone) for producer in producers)} rolled back, "
        f"{len(takeovers)} leaders killed; another led after {max(takeovers):.3f} s at most"
    )
    return producers


def verify(db: Connection, producers: list[Producer]) -> None:
    assert [producer.error for producer in producers if producer.error] == []
    committed = [number for producer in producers for number in producer.committed]
    undone = {number for producer in producers for number in producer.undone}
    assert committed
    assert undone

    assert routed(db) == set(committed)
    assert not routed(db) & undone
    # Once: each has one delivery, and each delivery is in one batch.
    deliveries = given.column(db, "select notification_id from postbell.delivery")
    assert sorted(deliveries) == sorted(committed)
    batched = given.column(db, "select unnest(delivery_ids) from postbell.batch")
    assert sorted(batched) == sorted(given.column(db, "select id from postbell.delivery"))
    # Each batch has its job.
    payloads = given.column(
        db, "select convert_from(payload, 'UTF8')::bigint from postbell_queue.pgqueuer"
    )
    assert sorted(payloads) == sorted(given.column(db, "select id from postbell.batch"))
    assert given.rejections(db) == {}


@pytest.mark.slow
def test_what_is_committed_is_routed_once_and_what_is_rolled_back_never(
    db: Connection, database_url: str, start_daemon: StartDaemon
) -> None:
    producers = hammer(database_url, start_daemon, seconds=1, kill_every=1.0, longest=0.5)

    verify(db, producers)


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 2 + 120)
def test_what_is_committed_is_routed_once_whoever_leads_and_dies(
    db: Connection, database_url: str, start_daemon: StartDaemon
) -> None:
    producers = hammer(
        database_url, start_daemon, seconds=SECONDS, kill_every=_KILL_EVERY, longest=3.0
    )

    verify(db, producers)
