"""A database restored into another cluster: its transaction ids mean nothing there."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import given
from tests.support.background import Connect
from tests.support.given import Connection

#: By how much the old cluster was older.
AGE = 1_000_000_000


def move_to_a_younger_cluster(db: Connection) -> None:
    """Makes all that is stored look as if transaction ids had once been much higher."""
    db.execute(f"""
        create function older(id xid8) returns xid8 language sql strict
        return (id::text::bigint + {AGE})::text::xid8;

        create function older(snapshot pg_snapshot) returns pg_snapshot language sql strict
        return format('%s:%s:%s',
            older(pg_snapshot_xmin(snapshot)), older(pg_snapshot_xmax(snapshot)),
            array_to_string(array(select older(pg_snapshot_xip(snapshot)) order by 1), ',')
        )::pg_snapshot;

        update postbell.outbox set xid = older(xid);
        update postbell_private.notification set xid = older(xid);
        update postbell_private.cancellation set xid = older(xid), snapshot = older(snapshot);
        update postbell_private.router_step set
            snapshot = older(snapshot),
            window_snapshot = older(window_snapshot),
            position_xid = older(position_xid),
            system_identifier = system_identifier + 1;
    """)


def reset(db: Connection) -> int:
    return int(given.value(db, "select postbell.reset_router()"))


def told(db: Connection) -> list[int]:
    return given.column(db, "select distinct notification_id from postbell.delivery order by 1")


def test_another_system_identifier_is_refused_before_leading(db: Connection) -> None:
    db.execute("select postbell_private.check_cluster()")
    db.execute("update postbell_private.router_step set system_identifier = 1")
    with pytest.raises(psycopg.Error) as error:
        db.execute("select postbell_private.check_cluster()")
    assert error.value.sqlstate == "PB030"
    assert "reset_router" in str(error.value.diag.message_hint)


@pytest.mark.parametrize("call", ["route()", "tidy_up()"])
def test_transaction_ids_that_went_back_are_refused(db: Connection, call: str) -> None:
    event = given.emit(db)
    move_to_a_younger_cluster(db)
    with pytest.raises(psycopg.Error) as error:
        db.execute(f"select postbell_private.{call}".encode())
    assert error.value.sqlstate == "PB030"
    assert event in given.column(db, "select id from postbell.outbox")


def test_after_a_reset_what_was_not_routed_is_routed_once(db: Connection) -> None:
    routed = given.emit(db)
    given.route(db)
    waiting = [given.emit(db, idempotency_key="k"), given.emit(db, recipient="nobody")]
    move_to_a_younger_cluster(db)

    assert reset(db) == 2
    db.execute("select postbell_private.check_cluster()")
    given.route(db)

    assert told(db) == [routed, waiting[0]]
    assert given.rejections(db) == {waiting[1]: "unknown_recipient"}
    later = given.emit(db)
    given.route(db)
    assert told(db) == [routed, waiting[0], later]


def test_after_a_reset_what_was_rejected_or_a_duplicate_stays_so(db: Connection) -> None:
    first = given.emit(db, idempotency_key="k")
    given.emit(db, idempotency_key="k")
    given.emit(db, "no.such")
    given.route(db)
    move_to_a_younger_cluster(db)
    assert reset(db) == 0
    given.route(db)
    assert told(db) == [first]
    assert len(given.rejections(db)) == 1


def test_a_reset_in_the_middle_of_a_window_goes_on_with_the_rest(db: Connection) -> None:
    with db.transaction():
        events = [given.emit(db) for _ in range(5)]
    assert given.value(db, "select routed from postbell_private.route(2)") == 2
    move_to_a_younger_cluster(db)
    assert reset(db) == 3
    given.route(db)
    assert told(db) == events


def test_a_reset_keeps_what_was_emitted(db: Connection) -> None:
    event = given.emit(
        db, payload={"order_id": 7}, subject="order:7", priority="high", channels=["in_app"]
    )
    before = given.rows(db, "select created_at, to_jsonb(o) - 'xid' from postbell.outbox as o")
    move_to_a_younger_cluster(db)
    reset(db)
    after = given.rows(db, "select created_at, to_jsonb(o) - 'xid' from postbell.outbox as o")
    assert after == before
    given.route(db)
    assert told(db) == [event]


def test_a_reset_waits_for_producers_and_they_for_it(db: Connection, connect: Connect) -> None:
    move_to_a_younger_cluster(db)
    keeper = connect(autocommit=False)
    assert reset(keeper) == 0
    producer = connect(autocommit=False)
    producer.execute("select pg_current_xact_id()")
    producer.execute("set lock_timeout = '50ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        given.emit(producer)
    keeper.commit()
    event = given.emit(db)
    given.route(db)
    assert told(db) == [event]


def test_transactions_open_during_a_reset_are_found(db: Connection, connect: Connect) -> None:
    move_to_a_younger_cluster(db)
    producer = connect(autocommit=False)
    producer.execute("select pg_current_xact_id()")
    keeper = connect(autocommit=False)
    keeper.execute("select pg_current_xact_id()")
    reset(keeper)
    keeper.commit()
    event = given.emit(producer)
    given.route(db)
    producer.commit()
    given.route(db)
    assert told(db) == [event]


def test_a_cancellation_covers_the_same_events_in_the_new_cluster(db: Connection) -> None:
    scheduled = given.emit(db, subject="order:7", deliver_at="2030-01-01Z")
    given.route(db)
    unrouted = given.emit(db, subject="order:7")
    by_id = given.emit(db)
    given.call(db, "cancel", subject="order:7")
    given.call(db, "cancel", outbox_id=by_id)
    not_covered = given.emit(db, subject="order:7")
    move_to_a_younger_cluster(db)

    reset(db)
    later = given.emit(db, subject="order:7")
    given.route(db)
    given.clock(db, "2030-01-01Z")
    given.value(db, "select released from postbell_private.release_due()")

    assert told(db) == [not_covered, later]
    for event in (scheduled, unrouted, by_id):
        assert [one.reason for one in given.explain(db, event)] == ["cancelled"]


def test_a_large_audience_that_was_cancelled_stays_so(db: Connection) -> None:
    for number in range(25):
        given.recipient(db, f"p{number}", roles=["crowd"])
    event = given.emit(db, recipient=None, audience={"role": "crowd"}, subject="order:7")
    given.route(db)
    given.call(db, "cancel", subject="order:7")
    move_to_a_younger_cluster(db)
    reset(db)
    assert given.value(db, "select reached from postbell_private.fan_out()") == 0
    assert given.deliveries(db, event) == {}


def test_without_a_restore_a_reset_loses_and_repeats_nothing(db: Connection) -> None:
    routed = given.emit(db)
    given.route(db)
    waiting = given.emit(db)
    assert reset(db) == 1
    given.route(db)
    assert told(db) == [routed, waiting]
