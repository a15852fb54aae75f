"""Metrics: what a scrape finds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dispatcher import CONTRACT, __version__
from dispatcher.db.monitoring import Depth
from dispatcher.metrics import Metrics
from dispatcher.providers.circuit_breaker import BreakerState
from dispatcher.providers.client import ProviderStatus


async def scraped(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families((await metrics.text()).decode())
        for sample in family.samples
    }


async def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return (await scraped(metrics)).get((f"postbell_{name}", frozenset(labels.items())))


async def test_events_are_counted() -> None:
    metrics = Metrics()

    metrics.routed(500)
    metrics.routed(3)
    metrics.rejected("unknown_event", 2)
    metrics.rejected("unknown_event")
    metrics.fanned_out(1000)

    assert await value(metrics, "events_routed_total") == 503
    assert await value(metrics, "events_rejected_total", reason="unknown_event") == 3
    assert await value(metrics, "fanout_recipients_total") == 1000


async def test_attempts_are_counted_by_outcome_and_timed_by_provider() -> None:
    metrics = Metrics()

    metrics.attempted("email", "smtp", "sent", 0.02)
    metrics.attempted("email", "smtp", "retry", 2)
    metrics.attempted("in_app", "inbox", "sent", 0.01, count=250)

    sent = {"channel": "email", "provider": "smtp", "outcome": "sent"}
    assert await value(metrics, "attempts_total", **sent) == 1
    inbox = {"channel": "in_app", "provider": "inbox"}
    assert await value(metrics, "attempts_total", **inbox, outcome="sent") == 250
    assert await value(metrics, "attempt_seconds_count", **inbox) == 1
    assert await value(metrics, "attempt_seconds_sum", channel="email", provider="smtp") == 2.02


async def test_handovers_are_timed_by_channel() -> None:
    metrics = Metrics()

    metrics.handed_over("email", 0.004)
    metrics.handed_over("email", 40_000)

    assert await value(metrics, "handover_seconds_bucket", channel="email", le="0.005") == 1
    assert await value(metrics, "handover_seconds_bucket", channel="email", le="86400.0") == 2


async def test_the_router_says_whether_it_leads_and_sleeps() -> None:
    metrics = Metrics()
    assert await value(metrics, "router_leading") == 0

    metrics.leading(True)
    metrics.asleep(True)

    assert await value(metrics, "router_leading") == 1
    assert await value(metrics, "router_asleep") == 1


async def test_failures_of_the_router_are_counted_by_step() -> None:
    metrics = Metrics()
    metrics.step_failed("fan_out")
    metrics.step_failed("fan_out")

    assert await value(metrics, "router_step_failures_total", step="fan_out") == 2


async def test_batches_are_in_hand_until_they_are_done_or_fail() -> None:
    metrics = Metrics()

    with metrics.in_progress("email"), metrics.in_progress("email"):
        assert await value(metrics, "batches_in_progress", channel="email") == 2
    with pytest.raises(RuntimeError), metrics.in_progress("email"):
        raise RuntimeError

    assert await value(metrics, "batches_in_progress", channel="email") == 0


async def test_the_depth_is_asked_at_every_scrape() -> None:
    lines = [
        Depth("email", "normal", 10, 0, 2.5),
        Depth("email", "normal", 5, 3, 4.5),
        Depth("in_app", "low", 0, 7, None),
        Depth(None, "high", 0, 0, None, scheduled=4, being_fanned_out=1),
    ]

    async def ask() -> list[Depth]:
        return lines

    metrics = Metrics(ask)
    email = {"channel": "email", "priority": "normal"}
    inbox = {"channel": "in_app", "priority": "low"}
    assert await value(metrics, "queued_deliveries", **email) == 15
    assert await value(metrics, "oldest_queued_seconds", **email) == 4.5
    assert await value(metrics, "waiting_deliveries", **inbox) == 7
    assert await value(metrics, "oldest_queued_seconds", **inbox) is None
    assert await value(metrics, "scheduled_events", priority="high") == 4
    assert await value(metrics, "fanout_events", priority="high") == 1
    assert await value(metrics, "database_up") == 1

    lines.clear()

    assert await value(metrics, "queued_deliveries", **email) is None


async def test_a_scrape_without_the_database_says_so_and_has_the_rest() -> None:
    async def ask() -> list[Depth]:
        raise ConnectionError("gone")

    metrics = Metrics(ask)
    metrics.routed(1)

    assert await value(metrics, "database_up") == 0
    assert await value(metrics, "events_routed_total") == 1


async def test_a_scrape_names_the_version() -> None:
    assert await value(Metrics(), "info", version=__version__, contract=str(CONTRACT)) == 1


async def test_two_daemons_in_one_process_do_not_share_figures() -> None:
    first, second = Metrics(), Metrics()

    first.routed(1)

    assert await value(second, "events_routed_total") == 0


async def test_a_provider_is_in_one_state_at_a_time() -> None:
    metrics = Metrics()

    for state in (BreakerState.READY, BreakerState.MISCONFIGURED):
        metrics.provider_changed(ProviderStatus("main", "email", state, "", datetime.now(UTC), 0))
    metrics.held("email")

    for name, is_it in (
        ("ready", 0),
        ("open", 0),
        ("misconfigured", 1),
        ("resting", 0),
        ("paused", 1),
    ):
        labels = {"channel": "email", "provider": "main", "state": name}
        assert await value(metrics, "provider_state", **labels) == is_it
    assert await value(metrics, "deliveries_held_total", channel="email") == 1


async def test_a_renamed_metric_keeps_its_former_name_for_one_release() -> None:
    metrics = Metrics()
    metrics.webhook_rejected("twilio", "forged")

    labels = {"provider": "twilio", "reason": "forged"}
    assert await value(metrics, "webhooks_rejected_total", **labels) == 1
    assert await value(metrics, "webhooks_turned_away_total", **labels) == 1
