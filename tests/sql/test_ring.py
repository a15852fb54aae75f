"""The log's ring of leaves: the oldest are emptied, and never anything that is still needed."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import given
from tests.support.background import Connect
from tests.support.given import Connection
from tests.support.waiting import past_end


@pytest.fixture(autouse=True)
def one_leaf() -> None:
    """What is told in a test is told in one leaf."""
    past_end(86_400)


def slot(db: Connection, age: int) -> int:
    """The leaf into which a row of so many days ago fell."""
    return int(
        given.value(
            db, "select mod(extract(epoch from now())::bigint / 86400 - %s, 8)::integer", age
        )
    )


def emit_days_ago(db: Connection, age: int) -> int:
    """An event as it would stand in the log now, had it been emitted so many days ago."""
    return given.emit(db, slot=slot(db, age))


def log(db: Connection) -> list[int]:
    return given.column(db, "select id from postbell.outbox order by id")


def truncate(db: Connection, **named: object) -> int:
    return int(given.call(db, "truncate_outbox", **named)[0][0])


def test_a_row_falls_into_the_leaf_of_its_day(db: Connection) -> None:
    given.emit(db)
    assert given.column(db, "select slot from postbell.outbox") == [slot(db, 0)]


def test_old_leaves_are_emptied_and_young_ones_kept(db: Connection) -> None:
    events = [emit_days_ago(db, age) for age in range(8)]
    given.route(db)
    assert truncate(db, keep_days=5) == 2
    assert log(db) == events[:6]
    assert truncate(db, keep_days=5) == 0
    assert truncate(db, keep_days=1) == 4
    assert log(db) == events[:2]


@pytest.mark.parametrize("days", [0, 7, -1])
def test_retention_has_bounds(db: Connection, days: int) -> None:
    with pytest.raises(psycopg.Error) as error:
        truncate(db, keep_days=days)
    assert error.value.sqlstate == "PB022"


def test_a_leaf_with_something_unrouted_is_kept(db: Connection) -> None:
    routed = emit_days_ago(db, 7)
    given.route(db)
    waiting = emit_days_ago(db, 7)
    assert truncate(db) == 0
    assert log(db) == [routed, waiting]
    given.route(db)
    db.execute("select postbell_private.tidy_up()")
    assert truncate(db) == 1


def test_a_leaf_is_kept_while_a_window_over_it_is_open(db: Connection) -> None:
    events = [emit_days_ago(db, 7) for _ in range(3)]
    given.value(db, "select routed from postbell_private.route(2)")
    assert truncate(db) == 0
    given.route(db, 2)
    assert truncate(db) == 1
    assert given.value(db, "select count(*) from postbell_private.notification") == len(events)


def test_a_transaction_open_since_before_is_not_lost(db: Connection, connect: Connect) -> None:
    slow = connect(autocommit=False)
    slow.execute("select pg_current_xact_id()")
    emit_days_ago(db, 7)
    given.route(db)
    event = given.emit(slow, slot=slot(db, 7))
    assert truncate(db) == 0
    slow.commit()
    assert truncate(db) == 0
    given.route(db)
    assert given.deliveries(db, event)


def test_a_leaf_that_a_producer_holds_is_passed_over_at_once(
    db: Connection, connect: Connect
) -> None:
    emit_days_ago(db, 7)
    emit_days_ago(db, 6)
    given.route(db)
    producer = connect(autocommit=False)
    given.emit(producer, slot=slot(db, 7))
    db.execute("set statement_timeout = '10s'")
    assert truncate(db) == 1
    assert len(log(db)) == 1
    producer.rollback()
    assert truncate(db) == 1


def test_emptying_does_not_hold_up_producers(db: Connection, connect: Connect) -> None:
    emit_days_ago(db, 7)
    given.route(db)
    keeper = connect(autocommit=False)
    assert truncate(keeper) == 1
    db.execute("set lock_timeout = '1s'")
    event = given.emit(db)
    keeper.commit()
    given.route(db)
    assert given.deliveries(db, event)


def test_what_waits_does_not_need_the_log(db: Connection) -> None:
    event = given.emit(db, deliver_at="2099-01-01Z", slot=slot(db, 7), payload={"order_id": 7})
    given.route(db)
    assert truncate(db) == 1
    given.clock(db, "2099-01-01Z")
    assert given.value(db, "select released from postbell_private.release_due()") == 1
    (claimed,) = given.column(
        db,
        "select c.payload from postbell.batch as b, postbell_private.claim_batch(b.id, b.channel)"
        " as c",
    )
    assert claimed == {"order_id": 7}
    assert given.explain(db, event)
