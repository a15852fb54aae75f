"""Delivers pushes: one delivery goes to all devices of a recipient."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from dispatcher.channels.push import Push
from dispatcher.db import batches
from dispatcher.db.batches import Pushed, Tried
from dispatcher.delivery.failover import (
    ProviderCall,
    counts_as_attempt,
    retry_in,
    send_with_failover,
)
from dispatcher.delivery.model import Delivery, Device, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.delivery.provider_sender import Ended, ProviderSender, refused_unsent
from dispatcher.delivery.sender import Batch, age_of
from dispatcher.providers.client import ProviderClient
from dispatcher.rendering.content import Content


@dataclass(frozen=True, slots=True)
class _Answer:
    """The calls for one device; none if no provider was available."""

    push: Push
    calls: list[ProviderCall]

    @property
    def device(self) -> Device:
        return self.push.device

    @property
    def outcome(self) -> Outcome | None:
        return self.calls[-1].outcome if self.calls else None

    @property
    def is_settled(self) -> bool:
        return isinstance(self.outcome, (Sent, Refused))

    def counts_as_attempt(self, clients: Sequence[ProviderClient]) -> bool:
        """Whether the calls for this device count as an attempt."""
        return bool(self.calls) and (
            not self.calls[-1].may_fail_over or counts_as_attempt(self.calls, clients)
        )


class PushSender(ProviderSender):
    """Sends to the devices that earlier attempts have not reached, concurrently.

    The delivery is sent once a device has accepted it; only the other devices are tried again. A
    device that its push service reports as gone is removed.
    """

    async def _send(self, batch: Batch) -> None:
        async with self._pool.connection() as connection:
            devices = await batches.devices_of(connection, batch.id, batch.claim_token)
        rendered = [
            (replace(delivery, devices=devices.get(delivery.id, ())), content)
            for delivery, content in batch.rendered
        ]
        await super()._send(replace(batch, rendered=rendered))

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
            return [self._settled(delivery, refused_unsent(message))]
        found = await asyncio.gather(*(send_with_failover(push, clients) for push in message.each))
        answers = [_Answer(push, calls) for push, calls in zip(message.each, found, strict=True)]
        calls = [call for answer in answers for call in answer.calls]
        for call in calls:
            name = _name(call.outcome)
            self._metrics.attempted(self._channel.name, call.provider, name, call.seconds)
        if not calls:
            return [self._held(delivery, clients, is_begun=True, messages=message.each)]
        self._metrics.handed_over(self._channel.name, age_of(delivery))
        return self._summarized(delivery, answers, clients)

    def _summarized(
        self, delivery: Delivery, answers: Sequence[_Answer], clients: Sequence[ProviderClient]
    ) -> list[Ended]:
        """What to record about the delivery, given the answers of its devices."""
        reached = [answer for answer in answers if isinstance(answer.outcome, Sent)]
        later = [answer for answer in answers if not answer.is_settled]
        pushes = [answer.push for answer in later]
        if not later:
            return [_pushed(answers, delivery, "sent" if reached else "refused", None)]
        if not reached and not any(answer.counts_as_attempt(clients) for answer in later):
            # No outcome was about the message: hold it, which is no attempt.
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


def _tried(device: Device, call: ProviderCall) -> Tried:
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
    """Why some devices were not reached; None if all were."""
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
