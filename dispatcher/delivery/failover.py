"""Which providers are asked for one message, and what follows if none of them takes it."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from dispatcher.delivery.model import Delivery, FailureScope, Outcome, Retry
from dispatcher.providers.circuit_breaker import BreakerState
from dispatcher.providers.client import ProviderClient

#: Seconds until a tenant is looked up again whose providers are not configured here.
UNKNOWN_WAIT = 60.0

#: What waits for a provider comes back within so much of the time that it has waited: when the
#: provider is back, not everything comes at once, and while it is away not everything asks at once.
SPREAD = 0.25
LONGEST_SPREAD = 300.0


class Call(NamedTuple):
    """One call of a provider."""

    provider: str
    outcome: Outcome
    seconds: float
    #: The message was sent to find out whether the provider is back.
    is_probe: bool

    @property
    def is_passed_on(self) -> bool:
        """Whether the next provider may be asked at once: not the message was at fault."""
        return isinstance(self.outcome, Retry) and self.outcome.scope is not FailureScope.MESSAGE


async def _anybody(_: ProviderClient) -> bool:
    return True


async def hand_over(
    message: Any,
    clients: Sequence[ProviderClient],
    record_failover: Callable[[ProviderClient], Awaitable[bool]] = _anybody,
) -> list[Call]:
    """Ask one provider after the other, in order, until one's answer is about the message.

    `record_failover` is told of each before it is asked, and says whether it may be. Returns the
    calls that were made; none if no provider may be asked now.
    """
    calls = []
    for client in clients:
        if not await record_failover(client):
            continue
        began = time.monotonic()
        answer = await client.send(message)
        if answer is None:
            continue
        call = Call(client.name, answer.outcome, time.monotonic() - began, answer.is_probe)
        calls.append(call)
        if not call.is_passed_on:
            break
    return calls


def uses_up_a_try(calls: Sequence[Call], clients: Sequence[ProviderClient]) -> bool:
    """Whether calls of which none was about the message count as a try all the same.

    They do if every provider was asked and is to blame itself: a message that breaks each of them
    must have an end. They do not if one is closed, misconfigured, or was only being probed.
    """
    return len(calls) == len(clients) and all(
        isinstance(call.outcome, Retry)
        and call.outcome.scope is FailureScope.PROVIDER
        and not call.is_probe
        for call in calls
    )


def first_of(clients: Sequence[ProviderClient]) -> ProviderClient:
    """The one that is asked first, of one or more."""
    return next((client for client in clients if client.retry_in() == 0), clients[0])


def retry_in(clients: Sequence[ProviderClient], messages: Sequence[Any] = (None,)) -> float:
    """Seconds until the first of them may be asked, about one of `messages`; 0 is now."""
    return min(
        (client.retry_in(message) for client in clients for message in messages),
        default=UNKNOWN_WAIT,
    )


def spread(delivery: Delivery, waited: float, draw: Callable[[], float] = random.random) -> float:
    """Seconds by which a message comes later than its provider; none if it is critical.

    `waited` is how many seconds it has waited; `draw` returns a number in [0, 1).
    """
    if delivery.priority == "critical":
        return 0.0
    return min(LONGEST_SPREAD, max(0.0, waited) * SPREAD) * draw()


def reason_for_none(clients: Sequence[ProviderClient], messages: Sequence[Any] = (None,)) -> str:
    """Why nobody could be asked: a name that `dispatcher.explanations` explains."""
    if not clients:
        return "provider_unknown"
    states = [client.state_for(message) for client in clients for message in messages]
    if BreakerState.MISCONFIGURED in states:
        return "provider_paused"
    return "provider_resting"
