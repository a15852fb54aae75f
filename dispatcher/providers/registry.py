"""The providers of a process, by channel and by the tenant's choice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Self

import structlog

from dispatcher.delivery.model import Tenant
from dispatcher.providers.base import CallbackProvider, CallbackUrl, provider_for
from dispatcher.providers.client import ProviderClient, ProviderStatus, StatusObserver
from dispatcher.providers.config import ProviderConfig

log = structlog.get_logger()


class ProviderRegistry:
    """The clients of all providers, in order of preference."""

    def __init__(self, clients: Iterable[ProviderClient]) -> None:
        """Raises ValueError if two have one name."""
        self._clients: dict[str, ProviderClient] = {}
        for client in clients:
            if client.name in self._clients:
                raise ValueError(f"two providers are called {client.name}")
            self._clients[client.name] = client
        self._by_channel: dict[str, tuple[ProviderClient, ...]] = {}
        for client in self._clients.values():
            self._by_channel[client.channel] = (*self._by_channel.get(client.channel, ()), client)
        self._logged: set[tuple[str, str, str]] = set()

    @classmethod
    def from_config(cls, entries: Iterable[ProviderConfig]) -> Self:
        """A client for each configured provider, not yet open. Raises ProviderUrlError."""
        return cls(
            ProviderClient(
                provider_for(entry.url, name=entry.name),
                rate=entry.rate,
                burst=entry.burst,
                concurrency=entry.concurrency,
            )
            for entry in entries
        )

    async def open(self) -> None:
        """Open every provider. None of them connects yet."""
        for client in self._clients.values():
            await client.provider.open()

    async def close(self) -> None:
        """Close every provider once its calls in flight have ended."""
        await asyncio.gather(*(client.provider.close() for client in self._clients.values()))

    def observe(self, observer: StatusObserver) -> None:
        """Notify `observer` of each provider's state now, and of every change."""
        for client in self._clients.values():
            client.observers += (observer,)
            observer.provider_changed(client.status)

    def set_callback_url(self, url: CallbackUrl) -> None:
        """Have the providers that send status callbacks send them to `url`."""
        for client in self._clients.values():
            if isinstance(client.provider, CallbackProvider):
                client.provider.set_callback_url(url)

    def for_channel(self, channel: str) -> tuple[ProviderClient, ...]:
        """The channel's clients, in the order of the providers file."""
        return self._by_channel.get(channel, ())

    def for_tenant(self, tenant: Tenant, channel: str) -> tuple[ProviderClient, ...]:
        """The clients that may send a tenant's messages, in the tenant's order.

        Without a choice these are all clients of the channel. A tenant that chose providers gets no
        others, even if none of its own is configured here: its mail must not leave through another
        account. Unknown ones are logged once.
        """
        chosen = tenant.providers.get(channel)
        if not chosen:
            return self.for_channel(channel)
        clients = []
        for name in chosen:
            client = self._clients.get(name)
            if client is not None and client.channel == channel:
                clients.append(client)
            elif (tenant.id, channel, name) not in self._logged:
                self._logged.add((tenant.id, channel, name))
                log.error(
                    "a tenant chose a provider that is not configured here",
                    tenant_id=tenant.id,
                    channel=channel,
                    provider=name,
                )
        return tuple(clients)

    @property
    def statuses(self) -> list[ProviderStatus]:
        return [client.status for client in self._clients.values()]
