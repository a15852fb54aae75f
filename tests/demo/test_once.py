"""Whether the demo notices when its story does not come true."""

from __future__ import annotations

from dispatcher.demo.catchers import Caught
from dispatcher.demo.history import Delivery, Transaction
from dispatcher.demo.once import broken_promises
from dispatcher.demo.shop import People
from dispatcher.demo.story import STORY, Expected, Step
from tests.support.renderings import shipped_catalog

ARRIVES = Expected("email", "sent", "wanted")


def sent(state: str = "sent", reason: str | None = "wanted", who: str = "ada") -> Delivery:
    return Delivery(5, "order.paid", who, "email", state, reason)


def broken(
    people: People,
    *deliveries: Delivery,
    expected: Expected | None = ARRIVES,
    caught: tuple[str, ...] = ("email",),
) -> list[str]:
    step = Step("ada", "pay", [expected] if expected else [])
    transaction = Transaction("Ada pays", outbox_ids=[5], deliveries=[*deliveries])
    return [*broken_promises(step, transaction, people, caught)]


def test_the_story_has_every_event_and_rolls_something_back() -> None:
    events = {step.button.event for step in STORY if step.expected}
    assert events == set(shipped_catalog().events)
    assert any(step.button.rolled_back_by for step in STORY)


def test_what_is_as_expected_is_no_complaint(people: People) -> None:
    assert broken(people, sent()) == []


def test_words_are_looked_for_in_each_part_of_what_was_caught(people: People) -> None:
    paid = Expected("email", "sent", "wanted", words=("£149.00",))
    mail = sent()
    mail.caught = Caught(1, "email", 7, "ada@clients.example", "Paid", "£149.00", "<p>£148.00")
    assert broken(people, mail, expected=paid) == [
        "Ada pays: email to Ada Lindqvist should be sent (wanted), and does not say '£149.00'"
    ]
    # A mail server of the visitor's has it, so nobody can look.
    assert broken(people, mail, expected=paid, caught=()) == []


def test_what_is_not_there_is_missed(people: People) -> None:
    (sentence,) = broken(people)
    assert sentence == (
        "Ada pays: email to Ada Lindqvist should be sent (wanted), and nothing is known of it"
    )


def test_another_state_or_reason_is_a_complaint(people: People) -> None:
    assert broken(people, sent("waiting", "refused")) == [
        "Ada pays: email to Ada Lindqvist should be sent (wanted), and is waiting (refused)"
    ]
    (sentence,) = broken(
        people, sent("skipped", "actor"), expected=Expected("email", "skipped", "muted")
    )
    assert sentence.endswith("should be skipped (muted), and is skipped (actor)")


def test_a_delivery_that_nobody_expected_is_a_complaint(people: People) -> None:
    (sentence,) = broken(people, sent(who="ben"), expected=None)
    assert sentence == "Ada pays: email to Ben Okafor was not to be told, and is sent (wanted)"
