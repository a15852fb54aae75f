"""What may or may not have been sent: never sent again by itself, and not waited for for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support import given
from tests.support.background import Background, Connect, await_waiting
from tests.support.given import Connection, Fate


@pytest.fixture(autouse=True)
def channels(db: Connection) -> None:
    given.event_type(db, default_channels=["sms"])


def in_doubt(db: Connection, channel: str = "sms") -> int:
    """A delivery whose provider did not answer."""
    event = given.emit(db, channels=[channel])
    given.route(db)
    batch, delivery = given.rows(
        db,
        "select b.id, d.id from postbell.batch as b"
        " join postbell.delivery as d on d.id = any(b.delivery_ids) where d.notification_id = %s",
        event,
    )[0]
    ((claim_token,),) = given.claim(db, batch, "claim_token")
    claimed = {"batch_id": batch, "claim_token": claim_token}
    given.call(db, "start_sending", **claimed, delivery_ids=[delivery])
    given.attempts(db, "unknown", delivery, reason="waiting for the response: timed out")
    given.call(db, "finish_batch", **claimed)
    return int(delivery)


def fate(db: Connection, delivery: int) -> Fate:
    return Fate._make(
        given.rows(
            db, "select state, reason from postbell.delivery_log where delivery_id = %s", delivery
        )[0]
    )


def dead(db: Connection) -> list[int]:
    return given.column(db, "select delivery_id from postbell.dead_letters")


def after(db: Connection, **later: float) -> None:
    given.clock(db, datetime.now(UTC) + timedelta(**later))
    db.execute("select postbell_private.tidy_up()")


def test_what_was_in_flight_is_locked_in_order(db: Connection, connect: Connect) -> None:
    for _ in range(3):
        given.emit(db)
    given.route(db)
    first, *others = given.column(db, "select id from postbell.delivery order by id")
    db.execute("update postbell.delivery set state = 'sending'")
    doubting, third = connect(), connect()
    # The table is read as it lies, and the first one lies last.
    db.execute("update postbell.delivery set attempts = 1 where id = %s", [first])
    doubting.execute("set enable_indexscan = off; set enable_bitmapscan = off")

    with db.transaction():
        db.execute("select from postbell.delivery where id = %s for update", [first])
        left = Background(
            lambda: doubting.execute(
                "select postbell_private.mark_unknown(array(select id from postbell.delivery))"
            )
        )
        await_waiting(third, doubting)
        free = given.column(
            third, "select id from postbell.delivery order by id for update skip locked"
        )
    left.result()

    assert free == others
    assert given.column(db, "select state from postbell.delivery") == ["unknown"] * 3


def test_a_text_in_doubt_waits_for_its_provider_longer_than_networks_try(db: Connection) -> None:
    delivery = in_doubt(db)

    after(db, hours=11.9)

    assert fate(db, delivery) == Fate("unknown", "waiting for the response: timed out")
    assert dead(db) == []


def test_a_text_of_which_nobody_ever_tells_becomes_a_dead_letter(db: Connection) -> None:
    delivery = in_doubt(db)

    after(db, hours=12.1)

    assert fate(db, delivery) == Fate("failed", "never_reported")
    assert dead(db) == [delivery]
    assert given.column(db, "select delivery_id from postbell_private.unknown_delivery") == []


def test_another_channel_is_waited_for_an_hour(db: Connection) -> None:
    delivery = in_doubt(db, "email")

    after(db, hours=1.1)

    assert fate(db, delivery).state == "failed"


def test_one_that_was_told_of_meanwhile_is_left_as_it_is(db: Connection) -> None:
    delivery = in_doubt(db)
    given.sent(db, delivery)

    after(db, hours=13)

    assert fate(db, delivery).state == "sent"
    assert dead(db) == []
    assert given.column(db, "select delivery_id from postbell_private.unknown_delivery") == []


def test_a_report_that_comes_after_the_end_of_patience_still_counts(db: Connection) -> None:
    delivery = in_doubt(db)
    after(db, hours=13)

    receipt = {"event_id": "SM1:delivered", "delivery_id": delivery, "kind": "delivered"}
    db.execute(
        "select postbell_private.receive_receipt('test', jsonb_build_array(%s::jsonb ||"
        " jsonb_build_object("
        "'message_id', %s::text, 'occurred_at', clock_timestamp())))",
        [given.adapted(receipt), f"m{delivery}"],
    )

    assert fate(db, delivery).state == "delivered"
    assert dead(db) == []


def test_it_is_sent_again_only_by_somebody_who_says_so(db: Connection) -> None:
    delivery = in_doubt(db)
    after(db, hours=13)
    assert given.column(db, "select id from postbell.batch") == []

    assert given.value(db, "select postbell.retry(%s)", delivery) == 1

    assert fate(db, delivery) == Fate("queued", "retried")


def test_many_are_given_up_in_bounded_shares(db: Connection) -> None:
    for number in range(3):
        given.recipient(db, f"r{number}")
    deliveries = [in_doubt(db) for _ in range(3)]
    given.clock(db, datetime.now(UTC) + timedelta(hours=13))

    shares = [given.value(db, "select postbell_private.settle_unknown(2)") for _ in range(3)]

    assert shares == [2, 1, 0]
    assert sorted(dead(db)) == deliveries


def test_a_doubt_that_comes_twice_is_waited_for_from_the_last_time(db: Connection) -> None:
    delivery = in_doubt(db)
    db.execute("update postbell_private.unknown_delivery set due_at = '2000-01-01Z'")
    db.execute("update postbell.delivery set state = 'sending' where id = %s", [delivery])
    db.execute("select postbell_private.enqueue(array[%s::bigint], false)", [delivery])

    given.attempts(db, "unknown", delivery)

    assert given.value(db, "select due_at > now() from postbell_private.unknown_delivery")


# --- numbers, however they are written


@pytest.mark.parametrize("written", ["+1 (202) 555-0123", "+1.202.555.0123", "+1\u00a0202 5550123"])
def test_a_stop_finds_a_number_however_it_was_written(db: Connection, written: str) -> None:
    given.recipient(db, phone=written)
    given.call(db, "suppress", channel="sms", address="+12025550123", reason="stop")

    event = given.emit(db)
    given.route(db)

    assert given.deliveries(db, event)["u1", "sms"] == Fate("skipped", "address_suppressed")


def test_a_suppression_may_be_written_and_lifted_in_any_way(db: Connection) -> None:
    given.recipient(db, phone="+12025550123")
    given.call(db, "suppress", channel="sms", address="+1 202 555-0123")
    assert given.column(db, "select address from postbell.suppression") == ["+12025550123"]

    assert given.call(db, "unsuppress", channel="sms", address="+1.202.555.0123") == [(True,)]
