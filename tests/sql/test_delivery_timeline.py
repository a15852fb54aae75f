"""The timeline of a delivery hides nothing: every try, every failure, and what ended it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

import pytest

from tests.support import given
from tests.support.given import Connection

NIGHT, MORNING = "2030-01-01 23:00Z", "2030-01-02 07:00Z"


class Claim(NamedTuple):
    batch: int
    token: UUID | None
    deliveries: list[int]


Told = list[tuple[str, str | None, str | None]]


@pytest.fixture(autouse=True)
def quick(db: Connection) -> None:
    given.event_type(db, default_channels=["email"])


def emitted(db: Connection, channel: str = "email", **columns: str) -> int:
    """Emits and routes; the delivery."""
    given.emit(db, channels=[channel], **columns)
    given.route(db)
    return int(given.value(db, "select max(id) from postbell.delivery"))


def claim(db: Connection) -> Claim:
    """Takes the only batch."""
    (batch,) = given.column(db, "select id from postbell.batch")
    claimed = given.claim(db, batch, "claim_token", "delivery_id")
    return Claim(batch, claimed[0][0] if claimed else None, [delivery for _, delivery in claimed])


def start(db: Connection) -> Claim:
    claimed = claim(db)
    given.rows(db, "select postbell_private.start_sending(%s, %s, %s)", *claimed)
    return claimed


def finish(db: Connection, claimed: Claim) -> None:
    given.call(db, "finish_batch", batch_id=claimed.batch, claim_token=claimed.token)


def fail(db: Connection, reason: str) -> None:
    """What a dispatcher does whose template fails."""
    claimed = claim(db)
    given.fail(db, reason, *claimed.deliveries)
    finish(db, claimed)


def timeline(db: Connection, delivery: int) -> Told:
    return given.rows(
        db,
        "select what, provider, reason from postbell.delivery_timeline where delivery_id = %s"
        " order by happened_at",
        delivery,
    )


def test_a_template_that_fails_and_fails_again_after_a_retry(db: Connection) -> None:
    delivery = emitted(db)
    fail(db, "line 3: no such filter")
    given.call(db, "retry")
    fail(db, "line 4: no such test")

    assert timeline(db, delivery) == [
        ("emitted", None, None),
        ("given_up", "postbell", "line 3: no such filter"),
        ("retried", "postbell", None),
        ("given_up", "postbell", "line 4: no such test"),
    ]


def test_a_delivery_that_ends_its_dispatcher_again_and_again(db: Connection) -> None:
    delivery = emitted(db)
    for _ in range(5):
        claim(db)
    claim(db)

    assert timeline(db, delivery)[1:] == [
        ("given_up", "postbell", "the dispatcher ended 5 times while it had this in hand")
    ]


def test_a_provider_that_never_reports(db: Connection) -> None:
    delivery = emitted(db)
    start(db)
    given.attempts(db, "unknown", delivery, reason="timed out")
    db.execute("update postbell_private.unknown_delivery set due_at = '2000-01-01Z'")
    db.execute("select postbell_private.tidy_up()")

    assert timeline(db, delivery)[1:] == [
        ("attempt: unknown", "test", "timed out"),
        ("given_up", "postbell", "never_reported"),
    ]


def test_a_push_without_any_more_tries(db: Connection) -> None:
    device = given.device(db)
    delivery = emitted(db, "push")
    batch, token, _ = start(db)
    call = {
        "device": device, "outcome": "failed", "provider": "webpush",
        "reason": "given up after 8 tries: 503 busy", "is_gone": False,
    }  # fmt: skip
    given.record(db, batch, token, given.attempt(delivery, "failed", calls=[call]))

    assert timeline(db, delivery)[1:] == [
        ("attempt: failed", "webpush", "given up after 8 tries: 503 busy")
    ]


def cancel(db: Connection) -> None:
    given.call(db, "cancel", subject="order:7")


def switch_off(db: Connection) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")


def come_too_late(db: Connection) -> None:
    given.clock(db, MORNING)


def suppress(db: Connection) -> None:
    given.call(db, "suppress", channel="email", address="u1@example.org")


STOPS = [
    (cancel, "cancelled"), (switch_off, "switched_off"), (come_too_late, "expired"),
    (suppress, "address_suppressed"),
]  # fmt: skip
ALL = pytest.mark.parametrize(("stop", "reason"), STOPS, ids=[reason for _, reason in STOPS])


@ALL
def test_what_stops_it_while_it_is_queued(
    db: Connection, stop: Callable[[Connection], None], reason: str
) -> None:
    given.clock(db, NIGHT)
    delivery = emitted(db, subject="order:7", expires_at=MORNING)
    stop(db)
    claim(db)

    assert timeline(db, delivery)[1:] == [("stopped", "postbell", reason)]


@ALL
def test_what_stops_it_while_it_waits_for_a_retry(
    db: Connection, stop: Callable[[Connection], None], reason: str
) -> None:
    given.clock(db, NIGHT)
    delivery = emitted(db, subject="order:7", expires_at=MORNING)
    start(db)
    given.attempts(db, "retry", delivery, reason="mailbox is busy", retry_after=0)
    db.execute("update postbell.waiting_delivery set due_at = '2000-01-01Z'")
    stop(db)
    given.value(db, "select released from postbell_private.release_due()")

    assert timeline(db, delivery)[1:] == [
        ("attempt: retry", "test", "mailbox is busy"),
        ("stopped", "postbell", reason),
    ]


def test_quiet_hours_and_their_end(db: Connection) -> None:
    given.clock(db, NIGHT)
    given.call(db, "set_quiet_hours", recipient="u1", starts="22:00", ends="07:00")
    delivery = emitted(db, "sms")
    given.clock(db, MORNING)
    given.value(db, "select released from postbell_private.release_due()")
    start(db)
    given.sent(db, delivery)

    assert timeline(db, delivery)[1:] == [
        ("released", "postbell", "quiet_hours"),
        ("attempt: sent", "test", None),
    ]


def test_a_retry_that_comes_due_is_its_next_attempt_and_no_step_of_its_own(db: Connection) -> None:
    delivery = emitted(db)
    claimed = start(db)
    given.attempts(db, "retry", delivery, reason="mailbox is busy", retry_after=0)
    finish(db, claimed)
    given.value(db, "select released from postbell_private.release_due()")
    start(db)
    given.sent(db, delivery)

    assert [what for what, _, _ in timeline(db, delivery)] == [
        "emitted", "attempt: retry", "attempt: sent",
    ]  # fmt: skip


def test_what_goes_well_costs_no_row(db: Connection) -> None:
    delivery = emitted(db)
    start(db)
    given.sent(db, delivery)

    assert given.value(db, "select count(*) from postbell.delivery_step") == 0


def test_support_may_read_it(db: Connection) -> None:
    delivery = emitted(db)
    fail(db, "no such filter")
    with db.transaction():
        db.execute("set local role postbell_support")
        assert [what for what, _, _ in timeline(db, delivery)] == ["emitted", "given_up"]
