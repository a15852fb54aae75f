"""Sums up the calls of an attempt: what to record, and when the delivery is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, assert_never

from dispatcher.channels.base import Channel, CrashPolicy
from dispatcher.delivery.failover import ProviderCall, counts_as_attempt, retry_in
from dispatcher.delivery.model import (
    Attempt,
    Call,
    Delivery,
    Outcome,
    Refused,
    Retry,
    Sent,
    Unknown,
)
from dispatcher.providers.client import ProviderClient


class Answer(NamedTuple):
    """What providers said about one target of a delivery: its address, or a device."""

    #: The id of the device; None for the address.
    device: int | None
    message: Any
    #: In order; none if no provider was available.
    calls: list[ProviderCall]

    @property
    def outcome(self) -> Outcome | None:
        return self.calls[-1].outcome if self.calls else None


class AttemptRules:
    """When a channel tries a delivery again, and what its attempts are recorded as.

    A delivery is sent once one target has accepted it; only the other targets are tried again.
    """

    def __init__(self, channel: Channel[Any, Any], crash_policy: CrashPolicy) -> None:
        self._channel = channel
        #: A message that may have been accepted is sent again.
        self._sends_again = crash_policy is CrashPolicy.SEND_AGAIN

    def later(self, answers: Sequence[Answer]) -> list[Answer]:
        """The targets that are to be tried again."""
        return [answer for answer in answers if not self._is_settled(answer)]

    def attempt(
        self, delivery: Delivery, answers: Sequence[Answer], clients: Sequence[ProviderClient]
    ) -> Attempt:
        """The record of an attempt with at least one call. `clients` are those that may be called.

        Its outcome is `held` if no outcome was about the message: that is no attempt.
        """
        is_reached = any(isinstance(answer.outcome, Sent) for answer in answers)
        later = self.later(answers)
        is_given_up = False
        retry_after = None
        if not later:
            in_doubt = any(isinstance(answer.outcome, Unknown) for answer in answers)
            outcome = "sent" if is_reached else "unknown" if in_doubt else "refused"
        elif not is_reached and not any(_counts(answer, clients) for answer in later):
            outcome = "held"
        elif delivery.attempts >= self._channel.max_attempts:
            is_given_up = True
            outcome = "sent" if is_reached else "failed"
        else:
            outcome = "sent" if is_reached else "retry"
            retry_after = self._wait(delivery, later, clients)
        calls = [call for answer in answers for call in answer.calls]
        accepted = [call.outcome for call in calls if isinstance(call.outcome, Sent)]
        reason = self._reason(answers)
        only = answers[0].outcome if answers[0].device is None else None
        given_up_after = delivery.attempts if is_given_up else None
        return Attempt(
            delivery_id=delivery.id,
            identity=delivery.identity,
            outcome=outcome,
            retry_after=retry_after,
            provider=calls[-1].provider,
            message_id=accepted[0].message_id if accepted else None,
            reason=_given_up(reason, delivery.attempts) if outcome == "failed" else reason,
            blame=only.blame if isinstance(only, Refused) else None,
            calls=tuple(call for answer in answers for call in self._calls(answer, given_up_after)),
        )

    def _is_settled(self, answer: Answer) -> bool:
        if isinstance(answer.outcome, Unknown):
            return not self._sends_again
        return isinstance(answer.outcome, Sent | Refused)

    def _wait(
        self, delivery: Delivery, later: Sequence[Answer], clients: Sequence[ProviderClient]
    ) -> float:
        """Seconds until the next attempt: as long as asked for, and until a provider is ready."""
        asked = [
            answer.outcome.after
            for answer in later
            if isinstance(answer.outcome, Retry) and answer.outcome.after is not None
        ]
        wait = self._channel.backoff.wait(delivery.attempts, max(asked, default=None))
        return max(wait.total_seconds(), retry_in(clients, [answer.message for answer in later]))

    def _calls(self, answer: Answer, given_up_after: int | None) -> list[Call]:
        """The record of each call: all but the last were passed on, and the last may give up."""
        recorded = []
        for number, call in enumerate(answer.calls, start=1):
            name = _name(call.outcome)
            reason = self._words(call.outcome)
            if number < len(answer.calls):
                name = "passed_on"
            elif given_up_after is not None and not self._is_settled(answer):
                name, reason = "failed", _given_up(reason, given_up_after)
            recorded.append(
                Call(
                    outcome=name,
                    provider=call.provider,
                    message_id=call.outcome.message_id if isinstance(call.outcome, Sent) else None,
                    code=call.outcome.code,
                    reason=reason,
                    latency_ms=call.seconds * 1000,
                    device=answer.device,
                    is_gone=answer.device is not None
                    and isinstance(call.outcome, Refused)
                    and call.outcome.blame is not None,
                )
            )
        return recorded

    def _reason(self, answers: Sequence[Answer]) -> str | None:
        """Why some targets were not reached; None if all were."""
        said = [
            self._words(answer.outcome) if answer.outcome else "no provider could be asked"
            for answer in answers
            if not isinstance(answer.outcome, Sent)
        ]
        together = "; ".join(dict.fromkeys(words for words in said if words))
        if len(answers) == 1 or not said:
            return together or None
        return f"{len(answers) - len(said)} of {len(answers)} devices were reached: {together}"

    def _words(self, outcome: Outcome) -> str | None:
        if isinstance(outcome, Sent):
            return None
        if isinstance(outcome, Unknown) and self._sends_again:
            return f"in doubt: {outcome.reason}"
        return outcome.reason


def _counts(answer: Answer, clients: Sequence[ProviderClient]) -> bool:
    """Whether the calls for a target count as an attempt."""
    return bool(answer.calls) and (
        not answer.calls[-1].may_fail_over or counts_as_attempt(answer.calls, clients)
    )


def _given_up(reason: str | None, attempts: int) -> str:
    return f"given up after {attempts} tries: {reason}"


def _name(outcome: Outcome) -> str:
    match outcome:
        case Sent():
            return "sent"
        case Refused():
            return "refused"
        case Retry():
            return "retry"
        case Unknown():
            return "unknown"
        case _:
            assert_never(outcome)
