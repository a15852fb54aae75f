"""What a daemon counts, for Prometheus."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from dispatcher import CONTRACT, __version__
from dispatcher.delivery.missing_templates import AwaitedTemplate
from dispatcher.providers.circuit_breaker import BreakerState
from dispatcher.providers.client import ProviderStatus

log = structlog.get_logger()

#: What dashboards and alerts may still ask for; goes with the next release.
_FORMER_STATES: Final = {BreakerState.OPEN: ("resting",), BreakerState.MISCONFIGURED: ("paused",)}

#: Content-Type of `Metrics.text()`.
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

#: Seconds. A provider's yes takes milliseconds to a minute.
_CALL: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
#: Seconds. From a few milliseconds to the days of quiet hours and retries.
_HANDOVER: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 60, 600, 3600, 86400,
)  # fmt: skip


class Depth(NamedTuple):
    """A line of `postbell.queue_depth`, or several of them added up."""

    #: None for events, which have none before they are decided about.
    channel: str | None
    priority: str
    queued: int
    waiting: int
    #: Seconds since the oldest queued delivery was put there; None if none is queued.
    oldest_seconds: float | None
    #: Events for a later time, and those whose large audience is being told.
    scheduled: int = 0
    being_fanned_out: int = 0


AskDepth = Callable[[], Awaitable[Iterable[Depth]]]


class Metrics:
    """The figures of one process, in a registry of their own.

    `depth` reads the queue's depth from the database; it is asked at every scrape.
    """

    def __init__(self, depth: AskDepth | None = None) -> None:
        self.registry: Final = CollectorRegistry()
        self._ask_depth = depth
        self._depth: Final = _DepthCollector()
        self.registry.register(self._depth)
        # Memory, CPU and file descriptors, under the names that dashboards know.
        ProcessCollector(registry=self.registry)

        self._routed = self._counter("events_routed", "Events taken from the outbox.")
        self._rejected = self._counter(
            "events_rejected", "Events that could not be routed, by reason.", "reason"
        )
        self._failed_steps = self._counter(
            "router_step_failures",
            "Steps of the router that failed, and are tried again after a pause.",
            "step",
        )
        self._fanned_out = self._counter(
            "fanout_recipients", "Members of large audiences decided about."
        )
        self._attempts = self._counter(
            "attempts",
            "Calls of a provider. After a retry there is another, after an unknown there may be.",
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
            "held",
            "Deliveries put aside because no provider could be asked, or a template is missing.",
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
            "webhooks_turned_away",
            "Requests to webhooks that were forged, stale or unreadable.",
            "provider",
            "reason",
        )
        self._in_hand = self._gauge("batches_in_hand", "Batches being delivered now.", "channel")
        self._mirror_faults = self._gauge(
            "mirror_faults",
            "Mirrors of users tables that new users do not get through: broken, or missing_tenant.",
            "kind",
        )
        self._leading = self._gauge("router_leading", "1 while this process leads the routers.")
        self._asleep = self._gauge("router_asleep", "1 while the leading router sleeps.")
        self._gauge("info", "Version of the package and contract of its schema.",
                    "version", "contract").labels(__version__, str(CONTRACT)).set(1)  # fmt: skip

    def routed(self, count: int) -> None:
        """So many events were taken from the outbox, rejected ones included."""
        self._routed.inc(count)

    def rejected(self, reason: str, count: int = 1) -> None:
        """So many of them were rejected, for a reason of `postbell.error_codes`."""
        self._rejected.labels(reason).inc(count)

    def step_failed(self, step: str) -> None:
        """A step of the router failed, and is tried again after a pause."""
        self._failed_steps.labels(step).inc()

    def fanned_out(self, count: int) -> None:
        """So many members of a large audience were decided about."""
        self._fanned_out.inc(count)

    def attempted(
        self, channel: str, provider: str, outcome: str, seconds: float, count: int = 1
    ) -> None:
        """A provider was called; with `count`, once for so many deliveries."""
        self._attempts.labels(channel, provider, outcome).inc(count)
        self._call.labels(channel, provider).observe(seconds)

    def handed_over(self, channel: str, *seconds: float) -> None:
        """Deliveries were handed to their provider, each so long after its event was emitted."""
        histogram = self._handover.labels(channel)
        for each in seconds:
            histogram.observe(each)

    def held(self, channel: str) -> None:
        """A delivery waits because no provider could be asked."""
        self._held.labels(channel).inc()

    def provider_changed(self, status: ProviderStatus) -> None:
        for state in BreakerState:
            for name in (state.value, *_FORMER_STATES.get(state, ())):
                labels = self._provider_state.labels(status.channel, status.provider, name)
                labels.set(status.state is state)

    def received(self, provider: str, verdict: str, count: int = 1) -> None:
        """A provider told something; the verdict is postbell_private.receive_receipt()'s.

        `never_matched`: it was kept, and dropped when no message had its id for too long.
        """
        self._receipts.labels(provider, verdict).inc(count)

    def webhook_rejected(self, provider: str, reason: str) -> None:
        """A request came to a webhook that no provider of ours had sent."""
        self._webhooks_rejected.labels(provider, reason).inc()

    def watch_streams(self, count: Callable[[], int], is_attended: Callable[[], bool]) -> None:
        """A gateway has open pages; both are asked at every scrape."""
        self._gauge("open_streams", "Pages that are open now.").set_function(count)
        self._gauge(
            "streams_attended",
            "1 while the database rings when there is something to tell them, and it can be read.",
        ).set_function(is_attended)

    def mirrors_checked(self, broken: int, missing_tenant: int) -> None:
        """So many mirrors make no recipients of new users, of all or of some."""
        self._mirror_faults.labels("broken").set(broken)
        self._mirror_faults.labels("missing_tenant").set(missing_tenant)

    def watch_templates(self, missing: Callable[[], Iterable[AwaitedTemplate]]) -> None:
        """`missing` is asked at every scrape."""
        self.registry.register(_MissingCollector(missing))

    def leading(self, is_leading: bool) -> None:
        self._leading.set(is_leading)

    def asleep(self, is_asleep: bool) -> None:
        self._asleep.set(is_asleep)

    @contextmanager
    def in_hand(self, channel: str) -> Iterator[None]:
        """Around the delivering of one batch."""
        gauge = self._in_hand.labels(channel)
        gauge.inc()
        try:
            yield
        finally:
            gauge.dec()

    async def text(self) -> bytes:
        """Everything, in Prometheus's text format.

        Does not fail with the database: then `postbell_database_up` is 0 and the depth is absent.
        """
        if self._ask_depth is not None:
            try:
                self._depth.take(await self._ask_depth())
            except Exception as error:  # noqa: BLE001 - whatever it is, the other figures are good
                log.warning("the queue's depth is unknown", error=error)
                self._depth.lose()
        return generate_latest(self.registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(name, what, labels, namespace="postbell", registry=self.registry)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(name, what, labels, namespace="postbell", registry=self.registry)

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


class _DepthCollector(Collector):
    """The depth as it was last read. Gone from the database is gone from here, too."""

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
            ("waiting_deliveries", "Deliveries for later: quiet hours and retries.", waiting),
            ("oldest_queued_seconds", "Age of the oldest delivery in the queue.", oldest),
        ):
            family = GaugeMetricFamily(f"postbell_{name}", what, labels=["channel", "priority"])
            for key, value in sorted(values.items()):
                family.add_metric(key, float(value))
            yield family
        for name, what, counted in (
            (
                "scheduled_events",
                "Events for a later time; who is told is decided then.",
                scheduled,
            ),
            ("fanout_events", "Events whose large audience is being told.", being_fanned_out),
        ):
            family = GaugeMetricFamily(f"postbell_{name}", what, labels=["priority"])
            for priority, number in sorted(counted.items()):
                family.add_metric([priority], float(number))
            yield family
