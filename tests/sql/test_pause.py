"""A pause: the inbox goes on silently, everything else is dropped; explain says so beforehand."""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.given import Connection, Fate

NOON = "2030-03-01 12:00Z"


@pytest.fixture
def paused(db: Connection) -> Connection:
    """u1 has paused everything for a day."""
    given.event_type(db, default_channels=["in_app", "email", "sms", "push", "sse"])
    given.device(db)
    given.clock(db, NOON)
    given.call(db, "pause", recipient="u1", until="2030-03-02 12:00Z")
    return db


def test_the_inbox_keeps_it_silently_and_nothing_else_is_sent(paused: Connection) -> None:
    event = given.emit(paused)
    given.route(paused)

    fates = given.deliveries(paused, event)

    assert fates.pop(("u1", "in_app")).state == "queued"
    assert len(fates) == 4
    assert set(fates.values()) == {Fate("skipped", "muted")}
    silent = "select channel::text from postbell.delivery where is_silent and decision = 'now'"
    assert given.column(paused, silent) == ["in_app"]


def test_what_was_not_sent_does_not_come_after_the_pause(paused: Connection) -> None:
    event = given.emit(paused)
    given.route(paused)

    given.call(paused, "unmute", recipient="u1")
    given.clock(paused, "2030-03-03 12:00Z")

    assert given.value(paused, "select released from postbell_private.release_due()") == 0
    assert given.deliveries(paused, event)["u1", "email"] == Fate("skipped", "muted")
    later = given.emit(paused)
    given.route(paused)
    assert given.deliveries(paused, later)["u1", "email"].state == "queued"


def test_explain_says_beforehand_what_the_router_does(paused: Connection) -> None:
    foreseen = given.explain(paused, event="order.paid", recipient="u1")
    event = given.emit(paused)
    given.route(paused)

    assert [each[:5] for each in foreseen] == [each[:5] for each in given.explain(paused, event)]
    assert {(each.channel, each.decision) for each in foreseen} == {
        ("in_app", "now"), ("email", "no"), ("sms", "no"), ("push", "no"), ("sse", "no"),
    }  # fmt: skip
    assert {(each.rung, each.reason) for each in foreseen} == {(7, "muted")}


def test_what_is_forced_comes_all_the_same(paused: Connection) -> None:
    event = given.emit(paused, forced_channels=["email"])
    given.route(paused)
    assert given.deliveries(paused, event)["u1", "email"].state == "queued"
