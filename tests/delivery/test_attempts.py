"""What calls of providers sum up to: what is recorded, and when the delivery is tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatcher.channels.base import CrashPolicy
from dispatcher.delivery.attempts import Answer, AttemptRules
from dispatcher.delivery.failover import ProviderCall
from dispatcher.delivery.model import (
    Attempt,
    FailureScope,
    Outcome,
    Refused,
    Retry,
    Sent,
    Unknown,
)
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.client import ProviderClient
from tests.support.deliveries import a_delivery, email_channel
from tests.support.scripted_provider import ScriptedProvider

DOWN = Retry("connection refused", scope=FailureScope.PROVIDER)
BUSY = Retry("busy", after=timedelta(minutes=5))
GONE = Refused("gone", blame=Blame.HARD)
SENT = Sent("m1", code="250")

#: As many as there are calls at most, and all of them ready.
CLIENTS = [ProviderClient(ScriptedProvider()) for _ in range(2)]


def answer(device: int | None, *outcomes: Outcome) -> Answer:
    calls = [
        ProviderCall(f"p{number}", outcome, 0.5, is_probe=False)
        for number, outcome in enumerate(outcomes, start=1)
    ]
    return Answer(device, object(), calls)


def attempt(
    *answers: Answer,
    number: int = 1,
    crash_policy: CrashPolicy = CrashPolicy.SEND_AGAIN,
) -> Attempt:
    rules = AttemptRules(email_channel(), crash_policy)
    return rules.attempt(replace(a_delivery("ann@example.org"), attempts=number), answers, CLIENTS)


def called(attempt: Attempt) -> list[tuple[int | None, str, str]]:
    return [(call.device, call.provider, call.outcome) for call in attempt.calls]


def test_what_another_provider_accepts_is_one_attempt_with_two_calls() -> None:
    found = attempt(answer(None, DOWN, SENT))

    assert (found.outcome, found.retry_after, found.reason) == ("sent", None, None)
    assert (found.provider, found.message_id) == ("p2", "m1")
    assert called(found) == [(None, "p1", "passed_on"), (None, "p2", "sent")]


@pytest.mark.parametrize(
    ("outcome", "recorded"),
    [(SENT, "sent"), (GONE, "refused"), (BUSY, "retry"), (Unknown("cut off"), "retry")],
)
def test_what_one_target_says_is_what_is_recorded(outcome: Outcome, recorded: str) -> None:
    found = attempt(answer(None, outcome))

    assert found.outcome == recorded
    assert (found.retry_after is not None) is (recorded == "retry")


def test_what_a_device_accepted_is_sent_and_the_others_are_tried_again() -> None:
    found = attempt(answer(1, SENT), answer(2, BUSY), answer(3, Unknown("cut off")), answer(4))

    assert found.outcome == "sent"
    assert found.retry_after is not None
    assert found.retry_after >= 300
    assert found.reason == (
        "1 of 4 devices were reached: busy; in doubt: cut off; no provider could be asked"
    )
    assert called(found) == [(1, "p1", "sent"), (2, "p1", "retry"), (3, "p1", "unknown")]


def test_the_last_attempt_gives_up_each_device_that_is_not_settled() -> None:
    found = attempt(answer(1, SENT), answer(2, GONE), answer(3, BUSY), number=10**6)

    assert (found.outcome, found.retry_after) == ("sent", None)
    assert found.reason == "1 of 3 devices were reached: gone; busy"
    assert [call.outcome for call in found.calls] == ["sent", "refused", "failed"]
    assert found.calls[2].reason == "given up after 1000000 tries: busy"


def test_the_last_attempt_that_reaches_nobody_has_failed() -> None:
    found = attempt(answer(None, DOWN, BUSY), number=10**6)

    assert (found.outcome, found.reason) == ("failed", "given up after 1000000 tries: busy")
    assert [call.outcome for call in found.calls] == ["passed_on", "failed"]


def test_an_address_at_fault_is_blamed_and_a_device_is_gone() -> None:
    mail, push = attempt(answer(None, GONE)), attempt(answer(1, GONE))

    assert (mail.blame, mail.calls[0].is_gone) == (Blame.HARD, False)
    assert (push.blame, push.calls[0].is_gone) == (None, True)


def test_what_is_not_about_the_message_is_held() -> None:
    found = attempt(answer(None, DOWN))

    assert (found.outcome, found.retry_after) == ("held", None)
    assert called(found) == [(None, "p1", "retry")]


def test_a_message_that_fails_at_every_provider_is_tried_again() -> None:
    assert attempt(answer(None, DOWN, DOWN)).outcome == "retry"


def test_what_may_have_been_accepted_is_not_sent_again_where_a_copy_does_harm() -> None:
    found = attempt(answer(None, Unknown("cut off")), crash_policy=CrashPolicy.AWAIT_RECEIPT)

    assert (found.outcome, found.retry_after, found.reason) == ("unknown", None, "cut off")
    assert called(found) == [(None, "p1", "unknown")]
