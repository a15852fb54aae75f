"""What stands round a provider."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
import structlog

from dispatcher.channels.email import Email
from dispatcher.delivery.model import FailureScope, Outcome, Retry, Sent
from dispatcher.providers.circuit_breaker import BreakerPolicy, BreakerState
from dispatcher.providers.client import ProviderClient, ProviderStatus
from tests.support.clock import Clock
from tests.support.messages import an_email
from tests.support.scripted_provider import Gate, ScriptedProvider

DOWN = Retry("connection refused", scope=FailureScope.PROVIDER)
WRONG_KEY = Retry("our configuration is at fault: 535", scope=FailureScope.CONFIGURATION)


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Observed:
    def __init__(self, client: ProviderClient) -> None:
        self.states: list[BreakerState] = []
        client.observers = (self,)

    def provider_changed(self, status: ProviderStatus) -> None:
        self.states.append(status.state)


async def sent(client: ProviderClient) -> Outcome | None:
    answer = await client.send(an_email())
    return None if answer is None else answer.outcome


async def test_a_provider_that_fails_is_left_alone_and_found_again(clock: Clock) -> None:
    provider = ScriptedProvider(DOWN, DOWN)
    client = ProviderClient(
        provider, policy=BreakerPolicy(failure_threshold=2, open_seconds=5), clock=clock
    )
    observed = Observed(client)

    assert [await sent(client) for _ in range(3)] == [DOWN, DOWN, None]
    assert len(provider.messages) == 2
    clock.now = 5
    answer = await client.send(an_email())

    assert answer is not None
    assert isinstance(answer.outcome, Sent)
    assert answer.is_probe
    assert observed.states == [BreakerState.OPEN, BreakerState.READY]
    assert isinstance(await sent(client), Sent)


async def test_while_one_probes_the_others_are_turned_away(clock: Clock) -> None:
    provider = ScriptedProvider(DOWN)
    gate = provider.answer = Gate()
    client = ProviderClient(
        provider, policy=BreakerPolicy(failure_threshold=1, open_seconds=5), clock=clock
    )
    await sent(client)
    clock.now = 5

    probe = asyncio.create_task(client.send(an_email()))
    await asyncio.sleep(0)
    others = [await sent(client) for _ in range(3)]
    gate.opened.set()

    assert others == [None] * 3
    assert (await probe) is not None
    assert client.retry_in() == 0


async def test_a_cancelled_probe_leaves_its_place_to_another(clock: Clock) -> None:
    provider = ScriptedProvider(DOWN)
    gate = provider.answer = Gate()
    client = ProviderClient(
        provider, policy=BreakerPolicy(failure_threshold=1, open_seconds=5), clock=clock
    )
    await sent(client)
    clock.now = 5
    probe = asyncio.create_task(client.send(an_email()))
    await asyncio.sleep(0)

    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe

    gate.opened.set()
    assert isinstance(await sent(client), Sent)


async def test_a_wrong_key_is_logged_as_an_error_and_a_mended_one_comes_back(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    client = ProviderClient(
        ScriptedProvider(WRONG_KEY), policy=BreakerPolicy(misconfigured_seconds=60), clock=clock
    )

    with structlog.testing.capture_logs() as said:
        await sent(client)
        assert client.status.state is BreakerState.MISCONFIGURED
        assert await sent(client) is None
        clock.now = 60
        assert isinstance(await sent(client), Sent)

    assert [(line["log_level"], line["provider"]) for line in said] == [
        ("error", "scripted"),
        ("info", "scripted"),
    ]
    assert "535" in said[0]["reason"]
    assert (client.status.state, client.status.reason) == (BreakerState.READY, "")
    assert not [line for line in caplog.records if line.levelno > logging.ERROR]


async def test_what_the_provider_asks_for_is_granted(clock: Clock) -> None:
    slow = Retry("429", after=timedelta(seconds=40), scope=FailureScope.PROVIDER)
    client = ProviderClient(ScriptedProvider(slow), clock=clock)

    await sent(client)

    assert client.retry_in() == 40
    assert client.status.retry_in == 40


async def test_no_more_are_in_flight_than_the_concurrency() -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    client = ProviderClient(provider, concurrency=2)

    sending = [asyncio.create_task(client.send(an_email(n))) for n in range(5)]
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
    client = ProviderClient(provider, rate=50, burst=1)

    await asyncio.gather(*(client.send(an_email(n)) for n in range(5)))

    assert moments[-1] - moments[0] >= 4 / 50 * 0.9


async def test_a_turn_that_is_far_away_is_not_waited_for(clock: Clock) -> None:
    client = ProviderClient(ScriptedProvider(), rate=0.01, burst=1, clock=clock)

    assert isinstance(await sent(client), Sent)
    assert await sent(client) is None
    assert client.retry_in() == pytest.approx(100)
    clock.now = 100
    assert isinstance(await sent(client), Sent)


async def test_nobody_waits_for_the_turn_of_a_provider_that_is_closed(clock: Clock) -> None:
    provider = ScriptedProvider(DOWN)
    client = ProviderClient(
        provider,
        rate=1,
        burst=1,
        policy=BreakerPolicy(failure_threshold=1, open_seconds=30),
        clock=clock,
    )
    await sent(client)

    assert await asyncio.wait_for(client.send(an_email()), 0.5) is None
