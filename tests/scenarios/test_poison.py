"""One row of each kind that makes PostgreSQL fail, all at once, under a running daemon."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import given
from tests.support.daemon_process import StartDaemon, await_leader
from tests.support.given import Connection, Fate
from tests.support.poison import poison
from tests.support.producer import PAYLOAD
from tests.support.waiting import until

pytestmark = pytest.mark.slow

BAD = "poison"
#: Seconds. Nothing here takes one.
SOON = 10.0


def test_one_bad_row_of_each_kind_stops_none_of_its_neighbours(
    db: Connection, database_url: str, start_daemon: StartDaemon
) -> None:
    given.recipient(db, BAD)
    db.execute(
        "insert into postbell.recipient_role (tenant_id, role, recipient_id)"
        " values ('default', 'pair', 'u1'), ('default', 'pair', 'poison')"
    )
    people = [f"p{number:03}" for number in range(60)]
    for person in people:
        given.recipient(db, person)
    in_app: dict[str, Any] = {"payload": PAYLOAD, "channels": ["in_app"]}

    # Waiting: what was decided before the daemon starts, and is due by then.
    for person in ("u1", BAD):
        given.call(db, "set_quiet_hours", recipient=person, starts="00:00", ends="23:00", days=[1])
    waiting = [given.emit(db, recipient=person, **in_app) for person in ("u1", BAD)]
    # Scheduled, and due; one of them is for the bad one.
    scheduled = [
        given.emit(db, recipient=person, deliver_at="2020-01-01", **in_app)
        for person in ("u1", BAD)
    ]
    given.route(db)
    db.execute(
        "update postbell.delivery set state = 'waiting' where notification_id = any(%s)", [waiting]
    )
    db.execute(
        "insert into postbell.waiting_delivery"
        " select id, tenant_id, recipient_id, false, now() from postbell.delivery"
        " where notification_id = any(%s)",
        [waiting],
    )
    db.execute("delete from postbell.delivery where notification_id = any(%s)", [scheduled])
    db.execute(
        "insert into postbell.scheduled_notification"
        " select unnest(%s::bigint[]), 'default', 'normal', now()",
        [scheduled],
    )
    db.execute("delete from postbell.batch; delete from postbell_queue.pgqueuer")
    # Sweeping: two batches whose jobs are gone, one of which cannot have another.
    swept = [given.emit(db, recipient=person, **in_app) for person in ("u1", BAD)]
    for _ in swept:
        given.value(db, "select routed from postbell_private.route(1)")
    db.execute(
        "delete from postbell_queue.pgqueuer;"
        " update postbell.batch set created_at = now() - interval '1 hour'"
    )
    (bad_batch,) = given.column(
        db,
        "select b.id from postbell.batch as b join postbell.delivery as d"
        " on d.id = any(b.delivery_ids) where d.recipient_id = 'poison'",
    )
    # Tidying: two of which nobody knows whether they were sent.
    unknown = [
        given.emit(db, recipient=person, payload=PAYLOAD, channels=["sms"])
        for person in ("u1", BAD)
    ]
    given.route(db)
    db.execute(
        "delete from postbell_queue.pgqueuer where entrypoint = 'deliver.sms';"
        " delete from postbell.batch where channel = 'sms';"
        " update postbell.delivery set state = 'unknown' where channel = 'sms';"
        " insert into postbell_private.unknown_delivery select id, now() from postbell.delivery"
        " where channel = 'sms'"
    )

    poison(db, "postbell.delivery", "new.recipient_id = 'poison' and new.state <> 'failed'")
    poison(
        db,
        "postbell.delivery",
        "new.recipient_id = 'poison' and new.reason = 'never_reported'",
    )
    poison(db, "postbell_queue.pgqueuer", f"convert_from(new.payload, 'UTF8') = '{bad_batch}'")

    # In a window, alone and among a few; and of a large audience.
    alone = [given.emit(db, recipient=person, **in_app) for person in (BAD, "u1")]
    pair = given.emit(db, recipient=None, audience={"role": "pair"}, **in_app)
    crowd = given.emit(db, recipient=None, audience={"recipients": [*people, BAD]}, **in_app)

    daemon = start_daemon(database_url)
    await_leader(database_url, daemon)
    good = {
        "waiting": (waiting[0], {"u1"}),
        "scheduled": (scheduled[0], {"u1"}),
        "swept": (swept[0], {"u1"}),
        "alone": (alone[1], {"u1"}),
        "pair": (pair, {"u1"}),
        "crowd": (crowd, set(people)),
    }
    for name, (event, expected) in good.items():
        until(lambda: delivered(db, event) == expected, name, SOON)  # noqa: B023
    until(
        lambda: given.deliveries(db, unknown[0])["u1", "sms"] == Fate("failed", "never_reported"),
        "the unknown one is given up",
        SOON,
    )

    reason = "22012: poison"
    assert given.deliveries(db, waiting[1])[BAD, "in_app"] == Fate("failed", reason)
    rejected = given.rows(db, "select outbox_id, recipient, detail from postbell.rejected_events")
    assert set(rejected) == {
        (event, BAD, reason) for event in (scheduled[1], alone[0], pair, crowd)
    }
    assert f"batch {bad_batch} cannot be given a job" in daemon.log()
    assert f"cannot be given up: {reason}" in daemon.log()
    assert daemon.is_running()


def delivered(db: Connection, event: int) -> set[str]:
    return {
        who for (who, _), fate in given.deliveries(db, event).items() if fate.state == "delivered"
    }
