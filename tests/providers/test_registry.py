"""Which providers a tenant's messages may take."""

from __future__ import annotations

from dataclasses import replace

import pytest
import structlog

from dispatcher.providers.base import ProviderNotOpenError
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.config import ProviderConfig
from dispatcher.providers.registry import ProviderRegistry
from tests.support.deliveries import a_delivery
from tests.support.messages import an_email
from tests.support.scripted_provider import ScriptedProvider

TENANT = a_delivery().tenant


def named(name: str, channel: str = "email") -> ProviderClient:
    provider = ScriptedProvider()
    provider.name = name
    provider.channel = channel
    return ProviderClient(provider)


@pytest.fixture
def registry() -> ProviderRegistry:
    return ProviderRegistry([named("main"), named("spare"), named("texts", "sms")])


def chosen(registry: ProviderRegistry, *names: str, channel: str = "email") -> list[str]:
    tenant = replace(TENANT, providers={channel: list(names)} if names else {})
    return [client.name for client in registry.for_tenant(tenant, channel)]


def test_a_tenant_without_a_choice_takes_all_as_they_come(registry: ProviderRegistry) -> None:
    assert chosen(registry) == ["main", "spare"]
    assert chosen(registry, channel="sms") == ["texts"]
    assert chosen(registry, channel="push") == []


def test_a_choice_is_taken_in_its_order_and_alone(registry: ProviderRegistry) -> None:
    assert chosen(registry, "spare", "main") == ["spare", "main"]
    assert chosen(registry, "spare") == ["spare"]


def test_a_choice_that_nobody_knows_is_told_once_and_never_replaced(
    registry: ProviderRegistry,
) -> None:
    with structlog.testing.capture_logs() as said:
        assert chosen(registry, "other_account") == []
        assert chosen(registry, "other_account") == []
        assert chosen(registry, "other_account", "main") == ["main"]

    assert [line["provider"] for line in said] == ["other_account"]
    assert said[0]["log_level"] == "error"


def test_a_choice_from_another_channel_does_not_count(registry: ProviderRegistry) -> None:
    assert chosen(registry, "texts") == []


def test_two_of_a_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two providers are called main"):
        ProviderRegistry([named("main"), named("main")])


async def test_a_registry_opens_and_closes_what_is_configured() -> None:
    registry = ProviderRegistry.from_config(
        [ProviderConfig("dev", "email", "console:"), ProviderConfig("dev2", "email", "console:")]
    )
    (first, second) = registry.for_channel("email")
    await registry.open()
    assert await first.send(an_email()) is not None

    await registry.close()

    assert [first.name, second.name] == ["dev", "dev2"]
    with pytest.raises(ProviderNotOpenError):
        await second.send(an_email())
