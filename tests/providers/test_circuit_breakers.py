"""Each service behind a provider is left alone by itself."""

from __future__ import annotations

import pytest

from dispatcher.delivery.model import Fault, Outcome, Retry, Sent
from dispatcher.providers.circuit_breaker import Breakers, Patience, State
from dispatcher.providers.client import Guard, Status

DOWN = Retry("503 busy", fault=Fault.PROVIDER)
WRONG_KEY = Retry("our configuration is at fault: 401", fault=Fault.CONFIGURATION)


@pytest.fixture
def breakers() -> Breakers:
    return Breakers(Patience(failures=1, rest=5, pause=60), most=3)


def settle(breakers: Breakers, service: str, outcome: Outcome, now: float = 0) -> None:
    permit = breakers.of(service).admit(now)
    assert permit is not None
    breakers.of(service).settle(permit, outcome, now)


def test_one_that_is_down_leaves_the_others_open(breakers: Breakers) -> None:
    settle(breakers, "a", DOWN)

    assert breakers.of("a").admit(1) is None
    assert breakers.of("b").admit(1) is not None


def test_the_worst_is_shown_and_none_that_nobody_waits_for(breakers: Breakers) -> None:
    assert breakers.worst(0).state is State.READY
    settle(breakers, "a", DOWN)
    settle(breakers, "b", WRONG_KEY)
    settle(breakers, "c", Sent("m"))

    assert breakers.worst(1).reason == WRONG_KEY.reason
    assert breakers.worst(5000).state is State.READY


def test_of_more_services_than_it_knows_it_forgets_one_that_is_ready(breakers: Breakers) -> None:
    settle(breakers, "a", DOWN)
    for service in ("b", "c", "d", "e"):
        breakers.of(service)

    assert len(breakers) == 3
    assert breakers.of("a").state is State.RESTING
    for service in ("f", "g", "h"):
        settle(breakers, service, DOWN)
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
        self.told: list[tuple[State, str]] = []

    def provider_changed(self, status: Status) -> None:
        self.told.append((status.state, status.reason))


async def test_a_guard_asks_the_others_while_one_rests_and_tells_of_that_one() -> None:
    provider, observed, now = TwoServices(), Observed(), 0.0
    guard = Guard(provider, patience=Patience(failures=1, rest=5), clock=lambda: now)
    guard.observers = (observed,)
    provider.down = {"a"}

    for message in ("a", "a", "b", "a", "b"):
        await guard.send(message)

    assert provider.asked == ["a", "b", "b"]
    assert (guard.opens_in("a"), guard.opens_in("b"), guard.opens_in()) == (5, 0, 0)
    assert (guard.state_for("a"), guard.state_for("b")) == (State.RESTING, State.READY)
    assert (guard.status.state, guard.status.opens_in) == (State.RESTING, 5)
    now, provider.down = 5.0, set()
    answer = await guard.send("a")
    assert answer is not None
    assert answer.is_probe
    assert observed.told == [(State.RESTING, "503 busy"), (State.READY, "")]


async def test_a_guard_tells_when_nobody_waits_any_more_for_the_one_that_was_down() -> None:
    provider, observed, now = TwoServices(), Observed(), 0.0
    guard = Guard(provider, patience=Patience(failures=1, rest=5), clock=lambda: now)
    guard.observers = (observed,)
    provider.down = {"a"}
    await guard.send("a")

    now = 5000.0
    await guard.send("b")

    assert observed.told[-1] == (State.READY, "")
