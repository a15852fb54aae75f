"""Whether the demo notices when its story does not come true."""

from __future__ import annotations

from datetime import UTC, datetime

from dispatcher.demo.chronicle import Account, Fate
from dispatcher.demo.market.ledger import Moment
from dispatcher.demo.story.promise import Promise, Scene
from dispatcher.demo.verdict import broken_promises

MOMENT = Moment(1, "default", "u1 pays", datetime(2030, 1, 1, tzinfo=UTC), None, [5])
ARRIVES = Promise("u1", "email", "sent")


def broken(*fates: Fate, promises: tuple[Promise, ...] = (ARRIVES,)) -> list[str]:
    return broken_promises([Scene(MOMENT, promises)], [Account(MOMENT, fates)])


def test_a_promise_that_is_kept_is_no_complaint() -> None:
    assert broken(Fate(5, "u1", "email", "sent", "wanted")) == []


def test_a_promise_of_which_nothing_is_known_is_broken() -> None:
    assert broken() == ["u1 pays: email to u1 should be sent, and nothing is known of it"]


def test_another_state_breaks_a_promise() -> None:
    assert broken(Fate(5, "u1", "email", "waiting", "refused")) == [
        "u1 pays: email to u1 should be sent, and is waiting (refused)"
    ]


def test_another_reason_breaks_a_promise() -> None:
    promise = Promise("u1", "email", "skipped", "muted")
    (sentence,) = broken(Fate(5, "u1", "email", "skipped", "actor"), promises=(promise,))
    assert sentence.endswith("should be skipped (muted), and is skipped (actor)")


def test_a_delivery_that_nobody_promised_is_a_complaint() -> None:
    (sentence,) = broken(Fate(5, "u2", "in_app", "delivered", None), promises=())
    assert sentence == "u1 pays: in_app to u2 was not to be told, and is delivered"
