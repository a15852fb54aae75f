"""Which providers a tenant's messages may take."""

from __future__ import annotations

from dataclasses import replace

import pytest
import structlog

from dispatcher.providers.base import ProviderNotOpenError
from dispatcher.providers.client import Guard
from dispatcher.providers.config import Entry
from dispatcher.providers.registry import Roster
from tests.support.deliveries import a_delivery
from tests.support.messages import an_email
from tests.support.scripted_provider import ScriptedProvider

TENANT = a_delivery().tenant


def named(name: str, channel: str = "email") -> Guard:
    provider = ScriptedProvider()
    provider.name = name
    provider.channel = channel
    return Guard(provider)


@pytest.fixture
def roster() -> Roster:
    return Roster([named("main"), named("spare"), named("texts", "sms")])


def chosen(roster: Roster, *names: str, channel: str = "email") -> list[str]:
    tenant = replace(TENANT, providers={channel: list(names)} if names else {})
    return [guard.name for guard in roster.chosen_by(tenant, channel)]


def test_a_tenant_without_a_choice_takes_all_as_they_come(roster: Roster) -> None:
    assert chosen(roster) == ["main", "spare"]
    assert chosen(roster, channel="sms") == ["texts"]
    assert chosen(roster, channel="push") == []


def test_a_choice_is_taken_in_its_order_and_alone(roster: Roster) -> None:
    assert chosen(roster, "spare", "main") == ["spare", "main"]
    assert chosen(roster, "spare") == ["spare"]


def test_a_choice_that_nobody_knows_is_told_once_and_never_replaced(roster: Roster) -> None:
    with structlog.testing.capture_logs() as said:
        assert chosen(roster, "other_account") == []
        assert chosen(roster, "other_account") == []
        assert chosen(roster, "other_account", "main") == ["main"]

    assert [line["provider"] for line in said] == ["other_account"]
    assert said[0]["log_level"] == "error"


def test_a_choice_from_another_channel_does_not_count(roster: Roster) -> None:
    assert chosen(roster, "texts") == []


def test_two_of_a_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two providers are called main"):
        Roster([named("main"), named("main")])


async def test_a_roster_opens_and_closes_what_is_configured() -> None:
    roster = Roster.of([Entry("dev", "email", "console:"), Entry("dev2", "email", "console:")])
    (first, second) = roster.of_channel("email")
    await roster.open()
    assert await first.send(an_email()) is not None

    await roster.close()

    assert [first.name, second.name] == ["dev", "dev2"]
    with pytest.raises(ProviderNotOpenError):
        await second.send(an_email())
