"""A large audience of one tenant beside single events of another.

POSTBELL_TEST_AUDIENCE says how large.
"""

from __future__ import annotations

import os
import statistics

import pytest

from tests.support import given
from tests.support.daemon_process import DaemonProcess, StartDaemon, await_leader
from tests.support.given import Connection
from tests.support.outcome import left_over
from tests.support.producer import PAYLOAD
from tests.support.waiting import until

pytestmark = pytest.mark.slow

AUDIENCE = int(os.environ.get("POSTBELL_TEST_AUDIENCE", "20000"))


def burst(
    db: Connection, url: str, start_daemon: StartDaemon, audience: int, singles: int
) -> tuple[int, list[int]]:
    """The event of the tenant with the audience, and the other's, when all is delivered."""
    given.tenant(db, "loud")
    given.tenant(db, "quiet")
    given.recipient(db, "ann", tenant_id="quiet")
    db.execute(
        "insert into postbell.recipient (tenant_id, id) select 'loud', 'p' || n"
        " from generate_series(1, %s) as n",
        [audience],
    )
    daemon: DaemonProcess = start_daemon(url)
    await_leader(url, daemon)
    started = given.column(db, "select clock_timestamp()")
    loud = given.emit(
        db, recipient=None, payload=PAYLOAD, tenant_id="loud", channels=["in_app"],
        audience={"everyone": True},
    )  # fmt: skip
    until(lambda: given.column(db, "select id from postbell.inbox_item limit 1"), "the first ones")

    quiet = []
    for _ in range(singles):
        event = given.emit(
            db, recipient="ann", payload=PAYLOAD, tenant_id="quiet", channels=["in_app"]
        )
        until(lambda: "delivered" in _states(db, event), "the single event", 120)  # noqa: B023
        quiet.append(event)

    until(lambda: not left_over(db), "everything is settled", 120)
    waits = given.column(
        db,
        "select extract(epoch from delivered_at - created_at)::float8 from postbell.delivery"
        " where tenant_id = 'quiet'",
    )
    (took,) = given.column(
        db,
        "select extract(epoch from max(delivered_at) - %s)::float8 from postbell.delivery"
        " where tenant_id = 'loud'",
        started[0],
    )
    print(
        f"{audience} people in {took:.1f} s; meanwhile, another tenant's single events: "
        f"median {statistics.median(waits) * 1000:.0f} ms, longest {max(waits) * 1000:.0f} ms"
    )
    return loud, quiet


def verify(db: Connection, loud: int, quiet: list[int], audience: int) -> None:
    counted = "select count(*) from postbell.inbox_item where outbox_id = %s"
    assert given.value(db, counted, loud) == audience
    last_of_the_audience = given.value(
        db, "select max(delivered_at) from postbell.delivery where notification_id = %s", loud
    )
    arrivals = [
        given.value(db, "select delivered_at from postbell.delivery where notification_id = %s", q)
        for q in quiet
    ]
    assert all(arrived < last_of_the_audience for arrived in arrivals)


def _states(db: Connection, event: int) -> list[str]:
    return [fate.state for fate in given.deliveries(db, event).values()]


def test_single_events_do_not_wait_for_another_tenants_audience(
    db: Connection, database_url: str, start_daemon: StartDaemon
) -> None:
    loud, quiet = burst(db, database_url, start_daemon, audience=5000, singles=2)

    verify(db, loud, quiet, audience=5000)


def test_single_events_do_not_wait_for_another_tenants_large_audience(
    db: Connection, database_url: str, start_daemon: StartDaemon
) -> None:
    loud, quiet = burst(db, database_url, start_daemon, AUDIENCE, singles=10)

    verify(db, loud, quiet, AUDIENCE)
