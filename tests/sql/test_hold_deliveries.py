"""What no provider takes just now waits, at no cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support import given
from tests.support.given import Connection


@pytest.fixture
def batch(db: Connection) -> tuple[int, UUID, list[int]]:
    """A claimed batch of two mails, the first of which is begun: its id, claim and deliveries."""
    given.event_type(db)
    given.recipient(db)
    for _ in range(2):
        given.emit(db, channels=["email"])
    given.route(db)
    (number,) = given.column(db, "select id from postbell.batch")
    claimed = given.claim(db, number, "claim_token", "delivery_id", start_sending=1)
    return number, claimed[0][0], [delivery for _, delivery in claimed]


def hold(db: Connection, batch: int, claim: UUID, deliveries: list[int], *begun: bool) -> None:
    given.call(
        db,
        "hold_deliveries",
        batch_id=batch,
        claim_token=claim,
        delivery_ids=deliveries,
        seconds=["60"] * len(deliveries),
        begun=list(begun),
        reasons=["provider_paused"] * len(deliveries),
    )


def deliveries(db: Connection) -> list[tuple[Any, ...]]:
    return given.rows(db, "select state, reason, attempts from postbell.delivery order by id")


def test_what_is_held_waits_and_has_its_try_back(
    db: Connection, batch: tuple[int, UUID, list[int]]
) -> None:
    number, claim, both = batch
    assert deliveries(db) == [("sending", None, 1), ("queued", None, 0)]

    hold(db, number, claim, both, True, False)

    assert deliveries(db) == [("waiting", "provider_paused", 0)] * 2
    waits = given.column(db, "select due_at - clock_timestamp() from postbell.waiting_delivery")
    assert len(waits) == 2
    assert all(timedelta(seconds=50) < wait <= timedelta(seconds=60) for wait in waits)
    assert given.column(db, "select outcome from postbell.attempt") == []


def test_what_is_held_is_not_queued_again_with_its_batch(
    db: Connection, batch: tuple[int, UUID, list[int]]
) -> None:
    number, claim, both = batch
    hold(db, number, claim, both, True, False)

    given.call(db, "finish_batch", batch_id=number, claim_token=claim)

    assert given.column(db, "select id from postbell.batch") == []


def test_a_dispatcher_that_was_overtaken_holds_nothing(
    db: Connection, batch: tuple[int, UUID, list[int]]
) -> None:
    number, claim, both = batch
    given.claim(db, number)

    hold(db, number, claim, both, True, False)

    assert {state for state, *_ in deliveries(db)} == {"sending", "queued"}
    assert given.column(db, "select delivery_id from postbell.waiting_delivery") == []


def test_what_is_settled_already_is_not_held(
    db: Connection, batch: tuple[int, UUID, list[int]]
) -> None:
    number, claim, both = batch
    given.sent(db, both[0])

    hold(db, number, claim, both, True, False)

    assert [state for state, *_ in deliveries(db)] == ["sent", "waiting"]


def test_what_is_passed_on_is_logged_and_settles_nothing(
    db: Connection, batch: tuple[int, UUID, list[int]]
) -> None:
    number, claim, both = batch
    first = both[0]
    calls = [
        {"outcome": "passed_on", "provider": "main", "reason": "connection refused"},
        {"outcome": "sent", "provider": "spare", "message_id": "m1"},
    ]

    given.record(db, number, claim, given.attempt(first, "sent", provider="spare", calls=calls))

    assert given.rows(db, "select provider, outcome from postbell.attempt") == [
        ("main", "passed_on"),
        ("spare", "sent"),
    ]
    assert given.rows(
        db, "select state, provider, reason from postbell.delivery where id = %s", first
    ) == [("sent", "spare", None)]


def test_the_provider_that_may_have_sent_it_is_remembered(
    db: Connection, batch: tuple[int, UUID, list[int]]
) -> None:
    _, _, (first, second) = batch
    given.attempts(db, "unknown", first, reason="no answer")

    doubtful = given.rows(
        db,
        "select delivery_id, provider from postbell_private.unknown_attempts(%s)",
        [first, second],
    )

    assert doubtful == [(first, "test")]


def test_the_calls_for_a_delivery_that_is_held_are_logged_and_count_no_attempt(
    db: Connection, batch: tuple[int, UUID, list[int]]
) -> None:
    number, claim, both = batch
    down = [{"outcome": "retry", "provider": "main", "reason": "connection refused"}]

    given.record(db, number, claim, given.attempt(both[0], "held", provider="main", calls=down))
    assert [state for state, *_ in deliveries(db)] == ["sending", "queued"]
    hold(db, number, claim, both, True, False)

    assert given.rows(db, "select provider, outcome from postbell.attempt") == [("main", "retry")]
    assert given.column(db, "select attempts from postbell.delivery") == [0, 0]
