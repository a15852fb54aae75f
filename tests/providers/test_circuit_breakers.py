"""Each service behind a provider is left alone by itself."""

from __future__ import annotations

import pytest

from dispatcher.delivery.model import FailureScope, Outcome, Retry, Sent
from dispatcher.providers.circuit_breaker import BreakerPolicy, BreakerState, CircuitBreakers
from dispatcher.providers.client import ProviderClient, ProviderStatus

DOWN = Retry("503 busy", scope=FailureScope.PROVIDER)
WRONG_KEY = Retry("our configuration is at fault: 401", scope=FailureScope.CONFIGURATION)


@pytest.fixture
def breakers() -> CircuitBreakers:
    return CircuitBreakers(
        BreakerPolicy(failure_threshold=1, open_seconds=5, misconfigured_seconds=60), most=3
    )


def record(breakers: CircuitBreakers, service: str, outcome: Outcome, now: float = 0) -> None:
    permission = breakers.for_service(service).acquire(now)
    assert permission is not None
    breakers.for_service(service).record(permission, outcome, now)


def test_one_that_is_down_leaves_the_others_open(breakers: CircuitBreakers) -> None:
    record(breakers, "a", DOWN)

    assert breakers.for_service("a").acquire(1) is None
    assert breakers.for_service("b").acquire(1) is not None


def test_the_worst_is_shown_and_none_that_nobody_waits_for(breakers: CircuitBreakers) -> None:
    assert breakers.worst(0).state is BreakerState.READY
    record(breakers, "a", DOWN)
    record(breakers, "b", WRONG_KEY)
    record(breakers, "c", Sent("m"))

    assert breakers.worst(1).reason == WRONG_KEY.reason
    assert breakers.worst(5000).state is BreakerState.READY


def test_of_more_services_than_it_knows_it_forgets_one_that_is_ready(
    breakers: CircuitBreakers,
) -> None:
    record(breakers, "a", DOWN)
    for service in ("b", "c", "d", "e"):
        breakers.for_service(service)

    assert len(breakers) == 3
    assert breakers.for_service("a").state is BreakerState.OPEN
    for service in ("f", "g", "h"):
        record(breakers, service, DOWN)
    assert len(breakers) == 3


class TwoServices:
    """A message is the name of its service, and `down` are those that fail."""

    name = "two"
    channel = "push"

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.asked: list[str] = []

    def service_of(self, message: str) -> str:
        return message

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, message: str) -> Outcome:
        self.asked.append(message)
        return DOWN if message in self.down else Sent("m")


class Observed:
    def __init__(self) -> None:
        self.told: list[tuple[BreakerState, str]] = []

    def provider_changed(self, status: ProviderStatus) -> None:
        self.told.append((status.state, status.reason))


async def test_a_client_uses_the_others_while_one_is_open_and_reports_that_one() -> None:
    provider, observed, now = TwoServices(), Observed(), 0.0
    client = ProviderClient(
        provider, policy=BreakerPolicy(failure_threshold=1, open_seconds=5), clock=lambda: now
    )
    client.observers = (observed,)
    provider.down = {"a"}

    for message in ("a", "a", "b", "a", "b"):
        await client.send(message)

    assert provider.asked == ["a", "b", "b"]
    assert (client.retry_in("a"), client.retry_in("b"), client.retry_in()) == (5, 0, 0)
    assert (client.state_for("a"), client.state_for("b")) == (BreakerState.OPEN, BreakerState.READY)
    assert (client.status.state, client.status.retry_in) == (BreakerState.OPEN, 5)
    now, provider.down = 5.0, set()
    answer = await client.send("a")
    assert answer is not None
    assert answer.is_probe
    assert observed.told == [(BreakerState.OPEN, "503 busy"), (BreakerState.READY, "")]


async def test_a_client_tells_when_nobody_waits_any_more_for_the_one_that_was_down() -> None:
    provider, observed, now = TwoServices(), Observed(), 0.0
    client = ProviderClient(
        provider, policy=BreakerPolicy(failure_threshold=1, open_seconds=5), clock=lambda: now
    )
    client.observers = (observed,)
    provider.down = {"a"}
    await client.send("a")

    now = 5000.0
    await client.send("b")

    assert observed.told[-1] == (BreakerState.READY, "")
