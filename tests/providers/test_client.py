"""What stands round a provider."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
import structlog

from dispatcher.channels.email import Email
from dispatcher.delivery.model import Fault, Outcome, Retry, Sent
from dispatcher.providers.circuit_breaker import Patience, State
from dispatcher.providers.client import Guard, Status
from tests.support.messages import an_email
from tests.support.scripted_provider import Gate, ScriptedProvider

DOWN = Retry("connection refused", fault=Fault.PROVIDER)
WRONG_KEY = Retry("our configuration is at fault: 535", fault=Fault.CONFIGURATION)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Observed:
    def __init__(self, guard: Guard) -> None:
        self.states: list[State] = []
        guard.observers = (self,)

    def provider_changed(self, status: Status) -> None:
        self.states.append(status.state)


async def sent(guard: Guard) -> Outcome | None:
    answer = await guard.send(an_email())
    return None if answer is None else answer.outcome


async def test_a_provider_that_fails_is_left_alone_and_found_again(clock: Clock) -> None:
    provider = ScriptedProvider(DOWN, DOWN)
    guard = Guard(provider, patience=Patience(failures=2, rest=5), clock=clock)
    observed = Observed(guard)

    assert [await sent(guard) for _ in range(3)] == [DOWN, DOWN, None]
    assert len(provider.messages) == 2
    clock.now = 5
    answer = await guard.send(an_email())

    assert answer is not None
    assert isinstance(answer.outcome, Sent)
    assert answer.is_probe
    assert observed.states == [State.RESTING, State.READY]
    assert isinstance(await sent(guard), Sent)


async def test_while_one_probes_the_others_are_turned_away(clock: Clock) -> None:
    provider = ScriptedProvider(DOWN)
    gate = provider.answer = Gate()
    guard = Guard(provider, patience=Patience(failures=1, rest=5), clock=clock)
    await sent(guard)
    clock.now = 5

    probe = asyncio.create_task(guard.send(an_email()))
    await asyncio.sleep(0)
    others = [await sent(guard) for _ in range(3)]
    gate.opened.set()

    assert others == [None] * 3
    assert (await probe) is not None
    assert guard.opens_in() == 0


async def test_a_cancelled_probe_leaves_its_place_to_another(clock: Clock) -> None:
    provider = ScriptedProvider(DOWN)
    gate = provider.answer = Gate()
    guard = Guard(provider, patience=Patience(failures=1, rest=5), clock=clock)
    await sent(guard)
    clock.now = 5
    probe = asyncio.create_task(guard.send(an_email()))
    await asyncio.sleep(0)

    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe

    gate.opened.set()
    assert isinstance(await sent(guard), Sent)


async def test_a_wrong_key_pauses_loudly_and_a_mended_one_comes_back(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    guard = Guard(ScriptedProvider(WRONG_KEY), patience=Patience(pause=60), clock=clock)

    with structlog.testing.capture_logs() as said:
        await sent(guard)
        assert guard.status.state is State.PAUSED
        assert await sent(guard) is None
        clock.now = 60
        assert isinstance(await sent(guard), Sent)

    assert [(line["log_level"], line["provider"]) for line in said] == [
        ("error", "scripted"),
        ("info", "scripted"),
    ]
    assert "535" in said[0]["reason"]
    assert (guard.status.state, guard.status.reason) == (State.READY, "")
    assert not [line for line in caplog.records if line.levelno > logging.ERROR]


async def test_what_the_provider_asks_for_is_granted(clock: Clock) -> None:
    slow = Retry("429", after=timedelta(seconds=40), fault=Fault.PROVIDER)
    guard = Guard(ScriptedProvider(slow), clock=clock)

    await sent(guard)

    assert guard.opens_in() == 40
    assert guard.status.opens_in == 40


async def test_no_more_are_in_flight_than_the_concurrency() -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    guard = Guard(provider, concurrency=2)

    sending = [asyncio.create_task(guard.send(an_email(n))) for n in range(5)]
    for _ in range(5):
        await asyncio.sleep(0)
    waiting = gate.waiting
    gate.opened.set()
    await asyncio.gather(*sending)

    assert waiting == 2
    assert len(provider.messages) == 5


async def test_a_rate_makes_messages_wait_their_turn() -> None:
    moments: list[float] = []
    provider = ScriptedProvider()

    async def answer(message: Email) -> Outcome:
        moments.append(asyncio.get_running_loop().time())
        return Sent(message.message_id)

    provider.answer = answer
    guard = Guard(provider, rate=50, burst=1)

    await asyncio.gather(*(guard.send(an_email(n)) for n in range(5)))

    assert moments[-1] - moments[0] >= 4 / 50 * 0.9


async def test_a_turn_that_is_far_away_is_not_waited_for(clock: Clock) -> None:
    guard = Guard(ScriptedProvider(), rate=0.01, burst=1, clock=clock)

    assert isinstance(await sent(guard), Sent)
    assert await sent(guard) is None
    assert guard.opens_in() == pytest.approx(100)
    clock.now = 100
    assert isinstance(await sent(guard), Sent)


async def test_nobody_waits_for_the_turn_of_a_provider_that_is_closed(clock: Clock) -> None:
    provider = ScriptedProvider(DOWN)
    guard = Guard(provider, rate=1, burst=1, patience=Patience(failures=1, rest=30), clock=clock)
    await sent(guard)

    assert await asyncio.wait_for(guard.send(an_email()), 0.5) is None
