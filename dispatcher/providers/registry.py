"""Every provider of a process, each behind its guard."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Self

import structlog

from dispatcher.delivery.model import Tenant
from dispatcher.providers.base import Reporting, ReportUrl, provider_for
from dispatcher.providers.client import Guard, Observer, Status
from dispatcher.providers.config import Entry

log = structlog.get_logger()


class Roster:
    """The guards, in order of preference, and which of them a tenant chose."""

    def __init__(self, guards: Iterable[Guard]) -> None:
        """Raises ValueError if two have one name."""
        self._guards: dict[str, Guard] = {}
        for guard in guards:
            if guard.name in self._guards:
                raise ValueError(f"two providers are called {guard.name}")
            self._guards[guard.name] = guard
        self._by_channel: dict[str, tuple[Guard, ...]] = {}
        for guard in self._guards.values():
            self._by_channel[guard.channel] = (*self._by_channel.get(guard.channel, ()), guard)
        self._told: set[tuple[str, str, str]] = set()

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """The roster of what is configured. Raises ProviderUrlError."""
        return cls(
            Guard(
                provider_for(entry.url, name=entry.name),
                rate=entry.rate,
                burst=entry.burst,
                concurrency=entry.concurrency,
            )
            for entry in entries
        )

    async def open(self) -> None:
        """Open every provider; none connects yet."""
        for guard in self._guards.values():
            await guard.provider.open()

    async def close(self) -> None:
        """Close them all, when their sends in flight have ended."""
        await asyncio.gather(*(guard.provider.close() for guard in self._guards.values()))

    def observe(self, observer: Observer) -> None:
        """Tell it how each is doing now, and of every change."""
        for guard in self._guards.values():
            guard.observers += (observer,)
            observer.provider_changed(guard.status)

    def report_to(self, url: ReportUrl) -> None:
        """Have those that report do so at these addresses."""
        for guard in self._guards.values():
            if isinstance(guard.provider, Reporting):
                guard.provider.report_to(url)

    def of_channel(self, channel: str) -> tuple[Guard, ...]:
        """Those of a channel, in the order in which they were given."""
        return self._by_channel.get(channel, ())

    def chosen_by(self, tenant: Tenant, channel: str) -> tuple[Guard, ...]:
        """Those that a tenant's messages may take, in the tenant's order.

        A tenant without a choice takes them all as they come. One that chose takes no other, even
        if this process knows none of them: another's account is not the tenant's.
        """
        chosen = tenant.providers.get(channel)
        if not chosen:
            return self.of_channel(channel)
        guards = []
        for name in chosen:
            guard = self._guards.get(name)
            if guard is not None and guard.channel == channel:
                guards.append(guard)
            elif (tenant.id, channel, name) not in self._told:
                self._told.add((tenant.id, channel, name))
                log.error(
                    "a tenant chose a provider that is not configured here",
                    tenant_id=tenant.id,
                    channel=channel,
                    provider=name,
                )
        return tuple(guards)

    @property
    def statuses(self) -> list[Status]:
        return [guard.status for guard in self._guards.values()]
