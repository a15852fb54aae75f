"""The sender's work for pushes: a delivery goes to all the devices of a person at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from dispatcher.channels.push import Push
from dispatcher.db import batches
from dispatcher.db.batches import Pushed, Tried
from dispatcher.delivery.failover import Call, hand_over, retry_in, uses_up_a_try
from dispatcher.delivery.model import Delivery, Device, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.delivery.provider_sender import Ended, ProviderSender, refused_by_us
from dispatcher.delivery.sender import Batch, age_of
from dispatcher.providers.client import ProviderClient
from dispatcher.rendering.content import Content


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of one device; without calls nobody could be asked."""

    push: Push
    calls: list[Call]

    @property
    def device(self) -> Device:
        return self.push.device

    @property
    def outcome(self) -> Outcome | None:
        return self.calls[-1].outcome if self.calls else None

    @property
    def is_settled(self) -> bool:
        return isinstance(self.outcome, (Sent, Refused))

    def uses_up_a_try(self, clients: Sequence[ProviderClient]) -> bool:
        """Whether somebody was asked who had something to say about the message."""
        return bool(self.calls) and (
            not self.calls[-1].is_passed_on or uses_up_a_try(self.calls, clients)
        )


class PushSender(ProviderSender):
    """Reaches each device that an earlier try has not reached, side by side.

    One that takes the message makes the delivery sent; the others are tried again, and only they.
    A device that its service says is gone is forgotten.
    """

    async def _hand_over(self, batch: Batch) -> None:
        async with self._pool.connection() as connection:
            devices = await batches.devices_of(connection, batch.id, batch.claim_token)
        rendered = [
            (replace(delivery, devices=devices.get(delivery.id, ())), content)
            for delivery, content in batch.rendered
        ]
        await super()._hand_over(replace(batch, rendered=rendered))

    async def _attempt(
        self,
        batch: Batch,  # noqa: ARG002
        delivery: Delivery,
        content: Content,
        clients: Sequence[ProviderClient],
        first: str | None,  # noqa: ARG002 - devices may be at several at once
    ) -> list[Ended]:
        message = self._channel.message(delivery, content)
        if isinstance(message, Refused):
            return [self._attempted(delivery, refused_by_us(message))]
        found = await asyncio.gather(*(hand_over(push, clients) for push in message.each))
        answers = [_Answer(push, calls) for push, calls in zip(message.each, found, strict=True)]
        calls = [call for answer in answers for call in answer.calls]
        for call in calls:
            name = _name(call.outcome)
            self._watch.attempted(self._channel.name, call.provider, name, call.seconds)
        if not calls:
            return [self._held(delivery, clients, is_begun=True, messages=message.each)]
        self._watch.handed_over(self._channel.name, age_of(delivery))
        return self._summed_up(delivery, answers, clients)

    def _summed_up(
        self, delivery: Delivery, answers: Sequence[_Answer], clients: Sequence[ProviderClient]
    ) -> list[Ended]:
        """What the devices' answers make of the delivery."""
        reached = [answer for answer in answers if isinstance(answer.outcome, Sent)]
        later = [answer for answer in answers if not answer.is_settled]
        pushes = [answer.push for answer in later]
        if not later:
            return [_pushed(answers, delivery, "sent" if reached else "refused", None)]
        if not reached and not any(answer.uses_up_a_try(clients) for answer in later):
            # Nothing was said about the message: it waits for the providers, at no cost.
            said = next((answer.outcome for answer in later if answer.calls), None)
            return [
                _pushed(answers, delivery, "retry", None),
                self._held(delivery, clients, is_begun=True, said=said, messages=pushes),
            ]
        if delivery.attempts >= self._channel.max_attempts:
            return [_pushed(answers, delivery, "sent" if reached else "failed", None)]
        asked = [
            answer.outcome.after
            for answer in later
            if isinstance(answer.outcome, Retry) and answer.outcome.after is not None
        ]
        wait = self._channel.backoff.wait(delivery.attempts, max(asked, default=None))
        seconds = max(wait.total_seconds(), retry_in(clients, pushes))
        return [_pushed(answers, delivery, "partly" if reached else "retry", seconds)]


def _pushed(
    answers: Sequence[_Answer], delivery: Delivery, outcome: str, retry_after: float | None
) -> Pushed:
    calls = [call for answer in answers for call in answer.calls]
    reason = _reason(answers)
    if outcome == "failed":
        reason = f"given up after {delivery.attempts} tries: {reason}"
    return Pushed(
        delivery_id=delivery.id,
        identity=delivery.identity,
        outcome=outcome,
        provider=calls[-1].provider,
        message_id=next(
            (call.outcome.message_id for call in calls if isinstance(call.outcome, Sent)), None
        ),
        reason=reason,
        retry_after=retry_after,
        tries=tuple(_tried(answer.device, call) for answer in answers for call in answer.calls),
    )


def _tried(device: Device, call: Call) -> Tried:
    outcome = call.outcome
    return Tried(
        device_id=device.id,
        outcome=_name(outcome),
        provider=call.provider,
        message_id=outcome.message_id if isinstance(outcome, Sent) else None,
        code=outcome.code,
        reason=None if isinstance(outcome, Sent) else outcome.reason,
        latency_ms=call.seconds * 1000,
        is_gone=isinstance(outcome, Refused) and outcome.blame is not None,
    )


def _reason(answers: Sequence[_Answer]) -> str | None:
    """Why not every device was reached; None if each was."""
    said = [
        answer.outcome.reason if answer.outcome else "no provider could be asked"
        for answer in answers
        if not isinstance(answer.outcome, Sent)
    ]
    if not said:
        return None
    together = "; ".join(dict.fromkeys(said))
    if len(answers) == 1:
        return together
    return f"{len(answers) - len(said)} of {len(answers)} devices were reached: {together}"


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
