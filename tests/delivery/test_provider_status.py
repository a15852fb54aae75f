"""Dispatchers write down how their providers are doing."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from dispatcher.db.connections import Pool
from dispatcher.delivery.model import FailureScope, Retry
from dispatcher.delivery.provider_status import ProviderStatusReporter
from dispatcher.providers.circuit_breaker import BreakerPolicy
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from tests.support import given
from tests.support.given import Connection
from tests.support.messages import an_email
from tests.support.scripted_provider import ScriptedProvider
from tests.support.waiting import seen


def reported(db: Connection) -> list[tuple[Any, ...]]:
    return given.rows(
        db, "select provider, channel, state, reason, opens_at is null from postbell.providers"
    )


async def test_a_change_is_reported_at_once_and_nothing_is_left_at_the_end(
    db: Connection, sessions: Pool
) -> None:
    wrong = Retry("ask ann@example.org for the key", scope=FailureScope.CONFIGURATION)
    client = ProviderClient(
        ScriptedProvider(wrong), policy=BreakerPolicy(misconfigured_seconds=0.01)
    )
    registry = ProviderRegistry([client])
    beats: list[None] = []
    async with sessions.connection() as connection:
        reporter = ProviderStatusReporter(registry, lambda: beats.append(None))
        registry.observe(reporter)
        reporting = asyncio.create_task(reporter.run(connection))
        ready = ("scripted", "email", "ready", None, True)
        await seen(lambda: reported(db) == [ready], "it is ready")

        await client.send(an_email())
        paused = ("scripted", "email", "misconfigured", "ask <address> for the key")
        await seen(lambda: [row[:4] for row in reported(db)] == [paused], "it is paused")
        await client.send(an_email())
        await seen(lambda: reported(db) == [ready], "it is back")

        reporting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reporting
    assert reported(db) == []
    assert len(beats) >= 3


@pytest.mark.parametrize("steps", range(4))
async def test_who_is_cancelled_while_something_changes_ends(
    db: Connection, sessions: Pool, steps: int
) -> None:
    beaten = asyncio.Event()
    async with sessions.connection() as connection:
        reporter = ProviderStatusReporter(ProviderRegistry([]), beaten.set)
        reporting = asyncio.create_task(reporter.run(connection))
        await beaten.wait()
        # It waits for a change now, which comes so many steps of the loop before the end.
        reporter._changed.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        reporting.cancel()
        done, _ = await asyncio.wait({reporting}, timeout=10)
        reporting.cancel()

    assert done
    assert reporting.cancelled()
