"""The metrics of one process, for Prometheus."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from dispatcher import CONTRACT, __version__
from dispatcher.db.monitoring import Depth
from dispatcher.delivery.missing_templates import AwaitedTemplate
from dispatcher.providers.circuit_breaker import BreakerState
from dispatcher.providers.client import ProviderStatus

log = structlog.get_logger()

#: Former names of provider states, still shown for dashboards; removed in the next release.
_FORMER_STATES: Final = {BreakerState.OPEN: ("resting",), BreakerState.MISCONFIGURED: ("paused",)}

#: Former names of metrics, by their present one, without `postbell_`; removed in the next release.
_FORMER_NAMES: Final = {
    "batches_in_progress": "batches_in_hand",
    "deliveries_held": "held",
    "stream_listener_up": "streams_attended",
    "webhooks_rejected": "webhooks_turned_away",
}

#: Content-Type of `Metrics.text()`.
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

#: Seconds. A provider answers within milliseconds to a minute.
_CALL: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
#: Seconds. From a few milliseconds to the days of quiet hours and retries.
_HANDOVER: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 60, 600, 3600, 86400,
)  # fmt: skip


AskDepth = Callable[[], Awaitable[Iterable[Depth]]]


class Metrics:
    """The metrics of one process, in a registry of its own.

    `depth` reads the queue's depth from the database; it is called at every scrape.
    """

    def __init__(self, depth: AskDepth | None = None) -> None:
        self.registry: Final = CollectorRegistry()
        self._ask_depth = depth
        self._depth: Final = _DepthCollector()
        self.registry.register(self._depth)
        # Memory, CPU and file descriptors, under Prometheus's usual names.
        ProcessCollector(registry=self.registry)

        self._routed = self._counter("events_routed", "Events taken from the outbox.")
        self._rejected = self._counter(
            "events_rejected", "Events that could not be routed, by reason.", "reason"
        )
        self._failed_steps = self._counter(
            "router_step_failures",
            "Steps of the router that failed and are tried again after a pause.",
            "step",
        )
        self._fanned_out = self._counter(
            "fanout_recipients", "Recipients of large audiences that were decided about."
        )
        self._attempts = self._counter(
            "attempts",
            "Calls of a provider. After a retry or passed_on there is another, after an unknown"
            " there may be.",
            "channel",
            "provider",
            "outcome",
        )
        self._call = self._histogram(
            "attempt_seconds", "How long one try took.", _CALL, "channel", "provider"
        )
        self._handover = self._histogram(
            "handover_seconds",
            "From the emitting of an event to its hand-over to the provider, waiting included.",
            _HANDOVER,
            "channel",
        )
        self._held = self._counter(
            "deliveries_held",
            "Deliveries that wait because no provider is available or a template is missing.",
            "channel",
        )
        self._provider_state = self._gauge(
            "provider_state",
            "1 for the state that a provider is in: ready, open or misconfigured. Until the"
            " next release also by their former names, resting and paused.",
            "channel",
            "provider",
            "state",
        )
        self._receipts = self._counter(
            "receipts", "What providers told, and whether it was believed.", "provider", "verdict"
        )
        self._webhooks_rejected = self._counter(
            "webhooks_rejected",
            "Requests to webhooks that were forged, stale or unreadable.",
            "provider",
            "reason",
        )
        self._in_progress = self._gauge(
            "batches_in_progress", "Batches being delivered now.", "channel"
        )
        self._mirror_faults = self._gauge(
            "mirror_faults",
            "Mirrored users tables whose new users are not copied: broken, or missing_tenant.",
            "kind",
        )
        self._leading = self._gauge("router_leading", "1 while this process leads the routers.")
        self._asleep = self._gauge("router_asleep", "1 while the leading router sleeps.")
        self._gauge("info", "Version of the package and contract of its schema.",
                    "version", "contract").labels(__version__, str(CONTRACT)).set(1)  # fmt: skip

    def routed(self, count: int) -> None:
        """Count events taken from the outbox, rejected ones included."""
        self._routed.inc(count)

    def rejected(self, reason: str, count: int = 1) -> None:
        """Count rejected events; `reason` is a name of `postbell.error_codes`."""
        self._rejected.labels(reason).inc(count)

    def step_failed(self, step: str) -> None:
        """Count a failed step of the router."""
        self._failed_steps.labels(step).inc()

    def fanned_out(self, count: int) -> None:
        """Count recipients of a large audience that were decided about."""
        self._fanned_out.inc(count)

    def attempted(
        self, channel: str, provider: str, outcome: str, seconds: float, count: int = 1
    ) -> None:
        """Count a call of a provider that took so many seconds, for `count` deliveries."""
        self._attempts.labels(channel, provider, outcome).inc(count)
        self._call.labels(channel, provider).observe(seconds)

    def handed_over(self, channel: str, *seconds: float) -> None:
        """Observe for each delivery the seconds from the emitting of its event to the hand-over."""
        histogram = self._handover.labels(channel)
        for each in seconds:
            histogram.observe(each)

    def held(self, channel: str) -> None:
        """Count a delivery that waits because no provider is available or a template is missing."""
        self._held.labels(channel).inc()

    def provider_changed(self, status: ProviderStatus) -> None:
        for state in BreakerState:
            for name in (state.value, *_FORMER_STATES.get(state, ())):
                labels = self._provider_state.labels(status.channel, status.provider, name)
                labels.set(status.state is state)

    def received(self, provider: str, result: str, count: int = 1) -> None:
        """Count receipts of a provider; `result` is postbell_private.receive_receipt()'s.

        `never_matched`: it was kept, and dropped after an hour in which no message had its id.
        """
        self._receipts.labels(provider, result).inc(count)

    def webhook_rejected(self, provider: str, reason: str) -> None:
        """Count a request to a webhook that was forged, stale or unreadable."""
        self._webhooks_rejected.labels(provider, reason).inc()

    def watch_streams(self, count: Callable[[], int], is_attended: Callable[[], bool]) -> None:
        """Show open streams and whether their listener works; both are called at every scrape."""
        self._gauge("open_streams", "Streams that are open now.").set_function(count)
        self._gauge(
            "stream_listener_up",
            "1 while the gateway is notified of new stream messages and can read them.",
        ).set_function(is_attended)

    def mirrors_checked(self, broken: int, missing_tenant: int) -> None:
        """Set the number of mirrored users tables whose new users are not copied, by kind."""
        self._mirror_faults.labels("broken").set(broken)
        self._mirror_faults.labels("missing_tenant").set(missing_tenant)

    def watch_templates(self, missing: Callable[[], Iterable[AwaitedTemplate]]) -> None:
        """Show the templates that deliveries wait for; `missing` is called at every scrape."""
        self.registry.register(_MissingCollector(missing))

    def leading(self, is_leading: bool) -> None:
        self._leading.set(is_leading)

    def asleep(self, is_asleep: bool) -> None:
        self._asleep.set(is_asleep)

    @contextmanager
    def in_progress(self, channel: str) -> Iterator[None]:
        """Count a batch as in progress while the block runs."""
        gauge = self._in_progress.labels(channel)
        gauge.inc()
        try:
            yield
        finally:
            gauge.dec()

    async def text(self) -> bytes:
        """All metrics in Prometheus's text format.

        While the database is unavailable `postbell_database_up` is 0 and the queue's depth absent.
        """
        if self._ask_depth is not None:
            try:
                self._depth.take(await self._ask_depth())
            except Exception as error:  # noqa: BLE001 - the other metrics are right all the same
                log.warning("queue depth unavailable", error=error)
                self._depth.lose()
        return generate_latest(self.registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        counter = Counter(name, what, labels, namespace="postbell", registry=self.registry)
        self._keep_former_name(name, counter)
        return counter

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        gauge = Gauge(name, what, labels, namespace="postbell", registry=self.registry)
        self._keep_former_name(name, gauge)
        return gauge

    def _keep_former_name(self, name: str, metric: Collector) -> None:
        if former := _FORMER_NAMES.get(name):
            self.registry.register(_FormerNameCollector(former, metric))

    def _histogram(
        self, name: str, what: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            name, what, labels, namespace="postbell", registry=self.registry, buckets=buckets
        )


class _MissingCollector(Collector):
    def __init__(self, missing: Callable[[], Iterable[AwaitedTemplate]]) -> None:
        self._missing = missing

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "postbell_template_missing",
            "Tenants whose deliveries wait for a template that this process does not have.",
            labels=["event", "channel", "reason"],
        )
        tenants = Tally((each.event, each.channel, each.reason) for each in self._missing())
        for key, count in sorted(tenants.items()):
            family.add_metric(key, float(count))
        yield family


class _FormerNameCollector(Collector):
    """Shows a renamed metric under its former name, too."""

    def __init__(self, former: str, metric: Collector) -> None:
        self._former = f"postbell_{former}"
        self._metric = metric

    def collect(self) -> Iterator[Metric]:
        for family in self._metric.collect():
            what = f"Former name of {family.name}, until the next release."
            copy = Metric(self._former, what, family.type)
            copy.samples = [
                sample._replace(name=self._former + sample.name.removeprefix(family.name))
                for sample in family.samples
            ]
            yield copy


class _DepthCollector(Collector):
    """The queue's depth as it was last read."""

    def __init__(self) -> None:
        self._lines: list[Depth] = []
        self._is_up: bool | None = None

    def take(self, lines: Iterable[Depth]) -> None:
        self._lines = list(lines)
        self._is_up = True

    def lose(self) -> None:
        self._lines = []
        self._is_up = False

    def collect(self) -> Iterator[GaugeMetricFamily]:
        if self._is_up is None:
            return
        yield GaugeMetricFamily(
            "postbell_database_up", "1 if the database answered this scrape.", float(self._is_up)
        )
        queued: Tally[tuple[str, str]] = Tally()
        waiting: Tally[tuple[str, str]] = Tally()
        oldest: dict[tuple[str, str], float] = {}
        scheduled: Tally[str] = Tally()
        being_fanned_out: Tally[str] = Tally()
        for line in self._lines:
            if line.channel is None:
                scheduled[line.priority] += line.scheduled
                being_fanned_out[line.priority] += line.being_fanned_out
                continue
            key = (line.channel, line.priority)
            queued[key] += line.queued
            waiting[key] += line.waiting
            if line.oldest_seconds is not None:
                oldest[key] = max(oldest.get(key, 0.0), line.oldest_seconds)
        for name, what, values in (
            ("queued_deliveries", "Deliveries in the queue.", queued),
            (
                "waiting_deliveries",
                "Deliveries that wait for quiet hours to end, or for a retry.",
                waiting,
            ),
            ("oldest_queued_seconds", "Age of the oldest delivery in the queue.", oldest),
        ):
            family = GaugeMetricFamily(f"postbell_{name}", what, labels=["channel", "priority"])
            for key, value in sorted(values.items()):
                family.add_metric(key, float(value))
            yield family
        for name, what, counted in (
            (
                "scheduled_events",
                "Scheduled events; their audience is resolved when they are due.",
                scheduled,
            ),
            ("fanout_events", "Events whose large audience is being fanned out.", being_fanned_out),
        ):
            family = GaugeMetricFamily(f"postbell_{name}", what, labels=["priority"])
            for priority, number in sorted(counted.items()):
                family.add_metric([priority], float(number))
            yield family
