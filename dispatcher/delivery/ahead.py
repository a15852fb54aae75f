"""Renders what the database itself delivers, before the router decides about it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from pydantic_core import to_json

from dispatcher.db.connections import Pool
from dispatcher.delivery.claims import DeliveryMetrics
from dispatcher.delivery.model import Delivery, Recipient, Tenant
from dispatcher.delivery.render import RENDERED_PER_TURN, version_of
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.tenants import TenantCache
from dispatcher.rendering.content import Content, InAppContent, SseContent
from dispatcher.rendering.errors import RenderingError
from dispatcher.rendering.template_set import TemplateSet

log = structlog.get_logger()

#: Seconds of the processor for rendering what the router reads at once.
BUDGET: Final = 0.1

#: A template that takes more than SLOW seconds of the processor, SLOW_TIMES times within SLOW_PAUSE
#: seconds, is left to the queue for as long. Once is no sign: the first rendering takes longer.
SLOW: Final = 0.01
SLOW_TIMES: Final = 3
SLOW_PAUSE: Final = 60.0

#: Tenants that are read for one chunk, and seconds for it.
MOST_TENANTS: Final = 50
TENANT_TIMEOUT: Final = 0.5

#: Slow templates that are remembered.
_MOST_SLOW: Final = 1000


@dataclass(slots=True)
class _Budget:
    """What one call has spent."""

    seconds: float = 0.0

    @property
    def is_spent(self) -> bool:
        return self.seconds > BUDGET


@dataclass(slots=True)
class _Slow:
    """How often a template was slow, and until when that counts."""

    until: float
    times: int = 0

    @property
    def is_left(self) -> bool:
        return self.times >= SLOW_TIMES


class AheadRenderer:
    """Renders messages to inboxes and open pages, which the router writes as it decides.

    The router waits for it. So whatever would take long is left out and goes by the queue: a
    template that has been slow, what exceeds BUDGET, a tenant whose templates are not compiled yet,
    an event whose files here are not the deployed ones, which another process may have, and a
    message whose template fails, which is tried again and reported there. `providers` has, by
    channel that the database itself delivers, its name in the delivery log.
    """

    def __init__(
        self,
        pool: Pool,
        template_sets: TemplateSets,
        tenants: TenantCache,
        metrics: DeliveryMetrics,
        providers: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._pool: Final = pool
        self._template_sets: Final = template_sets
        self._tenants: Final = tenants
        self._metrics: Final = metrics
        self._providers: Final = providers
        self._clock: Final = clock
        #: By tenant, event and channel.
        self._slow: Final[dict[tuple[str, str, str], _Slow]] = {}
        #: The templates of one tenant at a time.
        self._loading: asyncio.Task[None] | None = None

    def can_render(self, channel: str) -> bool:
        """Whether the database itself delivers a channel."""
        return channel in self._providers

    async def render(self, messages: Sequence[Sequence[Any]]) -> str | None:
        """Render messages as postbell_private.read_chunk() returns them.

        Returns the argument `contents` of postbell_private.route(). None if there is nothing, and
        if anything goes wrong: then the queue isolates what is at fault.
        """
        try:
            await self._read_tenants(messages)
            return await self._render(messages)
        except Exception as error:  # noqa: BLE001 - whatever it is, events are routed
            log.warning("messages not rendered: they go by the queue", error=repr(error))
            return None

    async def _render(self, messages: Sequence[Sequence[Any]]) -> str | None:
        written: list[dict[str, Any]] = []
        budget = _Budget()
        for number, message in enumerate(messages, start=1):
            if budget.is_spent:
                break
            written += self._written(message, budget)
            if number % RENDERED_PER_TURN == 0:
                await asyncio.sleep(0)
        return to_json(written).decode() if written else None

    async def warm(self, messages: Sequence[Sequence[Any]]) -> None:
        """Render what providers deliver, into the cache where its sender will find it."""
        try:
            await self._read_tenants(messages)
            budget = _Budget()
            for message in messages:
                for _ in self._rendered(message, budget, is_outgoing=True):
                    await asyncio.sleep(0)
        except Exception as error:  # noqa: BLE001 - its sender renders it again
            log.warning("messages not rendered ahead", error=repr(error))

    def _written(self, message: Sequence[Any], budget: _Budget) -> list[dict[str, Any]]:
        """The contents of one event, each with the people who get it."""
        #: By the identity of the content, which is kept so that no other gets it.
        contents: dict[int, tuple[Content, dict[str, Any]]] = {}
        for delivery, content, version in self._rendered(message, budget, is_outgoing=False):
            assert isinstance(content, InAppContent | SseContent)  # noqa: S101 - the type checker
            if (known := contents.get(id(content))) is not None:
                known[1]["recipient_ids"].append(delivery.recipient.id)
            else:
                written = {
                    "notification_id": delivery.notification_id,
                    "channel": delivery.channel,
                    "recipient_ids": [delivery.recipient.id],
                    "version": version,
                    **content.columns(),
                }
                contents[id(content)] = content, written
                self._template_sets.missing.resolve(
                    delivery.tenant.id, {delivery.event}, delivery.channel
                )
        return [written for _, written in contents.values()]

    def _rendered(
        self, message: Sequence[Any], budget: _Budget, *, is_outgoing: bool
    ) -> Iterator[tuple[Delivery, Content, str]]:
        """The contents of one event that could be rendered, with their version."""
        notification_id, event, category, tenant_id, subject, payload, people = message
        if self._template_sets.deployed.is_outdated(event):
            return
        tenant = self._tenants.fresh(tenant_id)
        template_set = None if tenant is None else self._template_set(tenant)
        if tenant is None or template_set is None:
            return
        render = template_set.renderer.render
        version = version_of(template_set, event, tenant)
        # A mail is found in the cache by its sender.
        is_shared = is_outgoing or len(people) > 1
        now = datetime.now(UTC)
        for recipient_id, locale, time_zone, attributes, channels, forced in people:
            recipient = Recipient(recipient_id, locale, time_zone, attributes or {})
            for channel in channels:
                if (channel in self._providers) is is_outgoing:
                    continue
                if self._slow and self._is_slow(tenant.id, event, channel):
                    continue
                delivery = Delivery(
                    0, "", notification_id, event, category, channel, "normal", subject,
                    payload, tenant, recipient, None, 1, now, None,
                    is_forced=forced is not None and channel in forced,
                )  # fmt: skip
                began = self._clock()
                try:
                    content = render(delivery, is_shared=is_shared)
                except RenderingError:
                    continue
                finally:
                    took = self._clock() - began
                    budget.seconds += took
                    if took > SLOW:
                        self._count_slow(tenant.id, event, channel, took)
                yield delivery, content, version

    def written(self, ages: Mapping[str, Sequence[float]], seconds: float) -> None:
        """Count what the router has written in so many seconds; `ages` as route() returns them."""
        for channel, of_channel in ages.items():
            self._metrics.attempted(
                channel, self._providers[channel], "sent", seconds, len(of_channel)
            )
            self._metrics.handed_over(channel, *of_channel)

    async def _read_tenants(self, messages: Sequence[Sequence[Any]]) -> None:
        """Read the tenants that are not fresh: at most MOST_TENANTS, within TENANT_TIMEOUT.

        The messages of the others go by the queue, whose senders read each once.
        """
        unknown = {message[3] for message in messages if not self._tenants.fresh(message[3])}
        if unknown:
            async with asyncio.timeout(TENANT_TIMEOUT), self._pool.connection() as connection:
                for tenant_id in sorted(unknown)[:MOST_TENANTS]:
                    with contextlib.suppress(LookupError):
                        await self._tenants.read(connection, tenant_id)

    def _template_set(self, tenant: Tenant) -> TemplateSet | None:
        """The tenant's templates. None while they are being compiled, which may take a second."""
        template_set = self._template_sets.get(tenant)
        if template_set is None and (self._loading is None or self._loading.done()):
            self._loading = asyncio.create_task(self._load(tenant))
        return template_set

    async def _load(self, tenant: Tenant) -> None:
        try:
            await self._template_sets.load(self._pool, tenant)
        except Exception as error:  # noqa: BLE001 - the senders meet it, too, and report it
            log.warning("templates not loaded", tenant_id=tenant.id, error=str(error).strip())

    def _is_slow(self, tenant_id: str, event: str, channel: str) -> bool:
        found = self._slow.get((tenant_id, event, channel))
        return found is not None and found.is_left and time.monotonic() < found.until

    def _count_slow(self, tenant_id: str, event: str, channel: str, took: float) -> None:
        """Leave a template to the queue that was slow several times within SLOW_PAUSE."""
        key = (tenant_id, event, channel)
        now = time.monotonic()
        found = self._slow.pop(key, None)
        if found is None or now >= found.until:
            found = _Slow(now + SLOW_PAUSE)
        found.times += 1
        if found.is_left:
            found.until = now + SLOW_PAUSE
            log.warning(
                "slow template: its messages go by the queue",
                tenant_id=tenant_id,
                event_key=event,
                channel=channel,
                seconds=round(took, 3),
            )
        if len(self._slow) >= _MOST_SLOW:
            self._slow.clear()
        self._slow[key] = found
