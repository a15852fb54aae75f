"""Failover: which providers to call for a message, and what to do if none accepts it."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from dispatcher.delivery.model import Delivery, FailureScope, Outcome, Retry
from dispatcher.providers.circuit_breaker import BreakerState
from dispatcher.providers.client import ProviderClient

#: Seconds to wait if none of the tenant's providers is configured here.
UNCONFIGURED_PAUSE = 60.0

#: Deliveries that wait for a provider come back spread over this share of the time that they have
#: waited, up to LONGEST_JITTER seconds, so a provider that is back does not get all at once.
JITTER = 0.25
LONGEST_JITTER = 300.0


class ProviderCall(NamedTuple):
    """One call of a provider, and its outcome."""

    provider: str
    outcome: Outcome
    seconds: float
    #: Whether the message was sent to find out if the provider is back.
    is_probe: bool

    @property
    def may_fail_over(self) -> bool:
        """Whether the next provider may be called at once: the message is not at fault."""
        return isinstance(self.outcome, Retry) and self.outcome.scope is not FailureScope.MESSAGE


async def _allow_any(_: ProviderClient) -> bool:
    return True


async def send_with_failover(
    message: Any,
    clients: Sequence[ProviderClient],
    record_failover: Callable[[ProviderClient], Awaitable[bool]] = _allow_any,
) -> list[ProviderCall]:
    """Call one provider after the other, in order, until an outcome is about the message.

    `record_failover` is awaited before each call and returns whether the call may be made. Returns
    the calls that were made; none if no provider may be called now.
    """
    calls = []
    for client in clients:
        if not await record_failover(client):
            continue
        began = time.monotonic()
        answer = await client.send(message)
        if answer is None:
            continue
        call = ProviderCall(client.name, answer.outcome, time.monotonic() - began, answer.is_probe)
        calls.append(call)
        if not call.may_fail_over:
            break
    return calls


def counts_as_attempt(calls: Sequence[ProviderCall], clients: Sequence[ProviderClient]) -> bool:
    """Whether calls count as an attempt although no outcome was about the message.

    They do if every provider was called and failed by itself, because a message that breaks every
    provider must not be tried for ever. They do not if a provider was not called, is misconfigured
    or was only probed.
    """
    return len(calls) == len(clients) and all(
        isinstance(call.outcome, Retry)
        and call.outcome.scope is FailureScope.PROVIDER
        and not call.is_probe
        for call in calls
    )


def first_available(clients: Sequence[ProviderClient]) -> ProviderClient:
    """The first provider that may be called now, else the first one. Needs at least one."""
    return next((client for client in clients if client.retry_in() == 0), clients[0])


def retry_in(clients: Sequence[ProviderClient], messages: Sequence[Any] = (None,)) -> float:
    """Seconds until the first provider may be called with one of `messages`; 0 is now."""
    return min(
        (client.retry_in(message) for client in clients for message in messages),
        default=UNCONFIGURED_PAUSE,
    )


def jitter(delivery: Delivery, waited: float, draw: Callable[[], float] = random.random) -> float:
    """Random seconds that a delivery waits longer than its provider; 0 if it is critical.

    `waited` is how many seconds it has waited; `draw` returns a number in [0, 1).
    """
    if delivery.priority == "critical":
        return 0.0
    return min(LONGEST_JITTER, max(0.0, waited) * JITTER) * draw()


def unavailable_reason(clients: Sequence[ProviderClient], messages: Sequence[Any] = (None,)) -> str:
    """Why no provider could be called: a name that `dispatcher.explanations` explains."""
    if not clients:
        return "provider_unknown"
    states = [client.state_for(message) for client in clients for message in messages]
    if BreakerState.MISCONFIGURED in states:
        return "provider_paused"
    return "provider_resting"
