"""Taking back: what was emitted about a subject until now, and nothing that comes later."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from tests.support import given
from tests.support.background import Connect
from tests.support.given import Connection

SUBJECT = "order:7"


@pytest.fixture(autouse=True)
def channels(db: Connection) -> None:
    given.event_type(db, default_channels=["in_app", "email"])


def cancel(session: Connection, **named: object) -> tuple[int, int]:
    """How many deliveries were taken back, and how many were already handed over."""
    ((taken_back, handed_over),) = given.call(session, "cancel", **(named or {"subject": SUBJECT}))
    return taken_back, handed_over


def states(db: Connection, event: int) -> set[str]:
    return {fate.state for fate in given.deliveries(db, event).values()}


def claimed(db: Connection) -> list[int]:
    return given.column(
        db,
        "select c.delivery_id from postbell.batch as b, postbell_private.claim_batch(b.id,"
        " b.channel) as c",
    )


def test_earlier_events_of_the_subject_are_taken_back(db: Connection) -> None:
    events = [given.emit(db, subject=SUBJECT), given.emit(db, subject=SUBJECT)]
    given.route(db)
    assert cancel(db) == (4, 0)
    assert [states(db, event) for event in events] == [{"cancelled"}, {"cancelled"}]
    assert claimed(db) == []


def test_an_event_that_is_not_routed_yet_is_taken_back(db: Connection) -> None:
    event = given.emit(db, subject=SUBJECT)
    assert cancel(db) == (0, 0)
    given.route(db)
    assert states(db, event) == set()
    assert [one.reason for one in given.explain(db, event)] == ["cancelled"]


def test_a_scheduled_event_counts_as_one(db: Connection) -> None:
    event = given.emit(db, subject=SUBJECT, deliver_at="2090-01-01")
    given.emit(db, subject=SUBJECT)
    given.route(db)

    assert cancel(db) == (3, 0)

    assert [one.reason for one in given.explain(db, event)] == ["cancelled"]
    assert given.value(db, "select count(*) from postbell.scheduled_notification") == 0
    assert cancel(db) == (0, 0)


def test_the_rest_of_a_large_audience_counts_as_one(db: Connection) -> None:
    people = [f"p{number:02}" for number in range(30)]
    for person in people:
        given.recipient(db, person)
    event = given.emit(db, recipient=None, audience={"recipients": people}, subject=SUBJECT)
    given.route(db)
    given.value(db, "select reached from postbell_private.fan_out(10)")

    assert cancel(db, outbox_id=event) == (2 * 10 + 1, 0)

    assert given.value(db, "select reached from postbell_private.fan_out(10)") == 0
    assert len(given.deliveries(db, event)) == 2 * 10


def test_what_is_scheduled_and_just_being_released_is_not_waited_for(
    db: Connection, connect: Connect
) -> None:
    given.emit(db, subject=SUBJECT, deliver_at="2090-01-01")
    given.route(db)
    router = connect(autocommit=False)
    router.execute("select from postbell.scheduled_notification for update")

    assert cancel(db) == (0, 0)


def test_later_events_are_delivered(db: Connection) -> None:
    given.emit(db, subject=SUBJECT)
    cancel(db)
    later = given.emit(db, subject=SUBJECT)
    given.route(db)
    assert states(db, later) == {"queued"}


def test_in_one_transaction_the_earlier_is_taken_back_and_the_later_is_not(db: Connection) -> None:
    with db.transaction():
        earlier = given.emit(db, subject=SUBJECT)
        cancel(db)
        later = given.emit(db, subject=SUBJECT)
    given.route(db)
    assert states(db, earlier) == set()
    assert states(db, later) == {"queued"}


def test_an_event_still_open_when_it_was_cancelled_is_later(
    db: Connection, connect: Connect
) -> None:
    producer = connect(autocommit=False)
    event = given.emit(producer, subject=SUBJECT)
    cancel(db)
    producer.commit()
    given.route(db)
    assert states(db, event) == {"queued"}


def test_a_cancellation_still_open_covers_nothing_that_commits_meanwhile(
    db: Connection, connect: Connect
) -> None:
    canceller = connect(autocommit=False)
    cancel(canceller)
    event = given.emit(db, subject=SUBJECT)
    canceller.commit()
    given.route(db)
    assert states(db, event) == {"queued"}


def test_a_cancellation_that_is_rolled_back_never_was(db: Connection) -> None:
    event = given.emit(db, subject=SUBJECT)
    given.route(db)
    with db.transaction(force_rollback=True):
        assert cancel(db) == (2, 0)
    assert states(db, event) == {"queued"}
    assert len(claimed(db)) == 2


def test_other_subjects_and_tenants_are_left_alone(db: Connection) -> None:
    given.tenant(db, "other")
    given.recipient(db, tenant_id="other")
    events = [
        given.emit(db, subject="order:70"),
        given.emit(db),
        given.emit(db, subject=SUBJECT, tenant_id="other"),
    ]
    given.route(db)
    assert cancel(db) == (0, 0)
    assert [states(db, event) for event in events] == [{"queued"}] * 3
    assert cancel(db, subject=SUBJECT, tenant_id="other") == (2, 0)


@pytest.mark.parametrize("is_routed", [True, False])
def test_one_event_is_taken_back_by_its_id(db: Connection, is_routed: bool) -> None:
    kept, event = given.emit(db, subject=SUBJECT), given.emit(db, subject=SUBJECT)
    if is_routed:
        given.route(db)
    assert cancel(db, outbox_id=event) == ((2, 0) if is_routed else (0, 0))
    given.route(db)
    assert states(db, event) == ({"cancelled"} if is_routed else set())
    assert states(db, kept) == {"queued"}


def test_what_was_sent_is_counted_as_handed_over(db: Connection) -> None:
    event = given.emit(db, subject=SUBJECT)
    given.route(db)
    db.execute("update postbell.delivery set state = 'sent' where channel = 'email'")
    assert cancel(db) == (1, 1)
    assert states(db, event) == {"sent", "cancelled"}
    assert cancel(db) == (0, 1)


def test_what_was_skipped_is_not_counted(db: Connection) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")
    given.emit(db, subject=SUBJECT)
    given.route(db)
    assert cancel(db) == (1, 0)


def test_what_a_dispatcher_has_in_hand_is_not_waited_for(db: Connection, connect: Connect) -> None:
    given.emit(db, subject=SUBJECT)
    given.route(db)
    dispatcher = connect(autocommit=False)
    dispatcher.execute("select from postbell.delivery where channel = 'email' for update")
    db.execute("set lock_timeout = '1s'")
    assert cancel(db) == (1, 1)


def started(db: Connection, batch: int, claim_token: UUID, delivery: int) -> list[int]:
    return list(
        given.value(
            db, "select postbell_private.start_sending(%s, %s, %s)", batch, claim_token, [delivery]
        )
    )


def test_what_is_just_being_cancelled_is_not_started(db: Connection, connect: Connect) -> None:
    given.emit(db, subject=SUBJECT)
    given.route(db)
    ((batch, claim, delivery),) = given.rows(
        db,
        "select b.id, c.claim_token, c.delivery_id from postbell.batch as b,"
        " postbell_private.claim_batch(b.id, b.channel) as c where b.channel = 'email'",
    )
    canceller = connect(autocommit=False)
    assert cancel(canceller) == (2, 0)
    db.execute("set lock_timeout = '1s'")
    assert started(db, batch, claim, delivery) == []
    canceller.commit()
    assert started(db, batch, claim, delivery) == []


def test_what_waits_is_taken_back_and_waits_no_more(db: Connection) -> None:
    given.event_type(db, default_channels=["sms"])
    given.call(db, "set_quiet_hours", recipient="u1", starts="12:00", ends="14:00")
    given.clock(db, "2030-03-01 13:00Z")
    event = given.emit(db, subject=SUBJECT)
    given.route(db)
    assert cancel(db) == (1, 0)
    assert given.value(db, "select count(*) from postbell.waiting_delivery") == 0
    given.clock(db, "2030-03-01 14:00Z")
    assert given.value(db, "select released from postbell_private.release_due()") == 0
    assert states(db, event) == {"cancelled"}


def test_what_is_scheduled_is_taken_back(db: Connection) -> None:
    event = given.emit(db, subject=SUBJECT, deliver_at="2099-01-01Z")
    given.route(db)
    assert cancel(db) == (1, 0)
    given.clock(db, "2099-01-01Z")
    assert given.value(db, "select released from postbell_private.release_due()") == 0
    assert states(db, event) == set()
    assert [one.reason for one in given.explain(db, event)] == ["cancelled"]


def test_a_cancelled_event_keeps_its_idempotency_key(db: Connection) -> None:
    given.emit(db, subject=SUBJECT, idempotency_key="k")
    cancel(db)
    again = given.emit(db, subject=SUBJECT, idempotency_key="k")
    given.route(db)
    assert states(db, again) == set()


def test_an_empty_subject_is_refused(db: Connection) -> None:
    with pytest.raises(psycopg.Error) as error:
        cancel(db, subject="")
    assert error.value.sqlstate == "PB022"
