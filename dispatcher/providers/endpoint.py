"""The guard before addresses that users choose: endpoints of push services, webhooks of chats.

So that no request reaches the internal network (OWASP: server-side request forgery), endpoints are
https, by host name, on the usual port, and the addresses of the name are checked each time a
connection is made.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from dispatcher.addresses import is_public
from dispatcher.delivery.model import Retry, Unknown
from dispatcher.providers.http import HttpClient, Response

#: Services that are not trusted share one connection for every so many of the trusted.
_UNTRUSTED_SHARE: Final = 4


class ForbiddenEndpoint(Exception):
    """The endpoint may not be called. The message says why, without the endpoint."""


def origin_of(endpoint: str, *, allow_private: bool = False) -> str:
    """The endpoint's origin, `https://host` or `https://host:port`.

    `allow_private`, for tests, allows IP addresses and any port. Raises ForbiddenEndpoint.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ForbiddenEndpoint("the endpoint cannot be parsed") from None
    # No service writes other characters, and URL parsers read these differently.
    if not endpoint.isascii() or any(c <= " " or c in '\\"<>^`{|}\x7f' for c in endpoint):
        raise ForbiddenEndpoint("the endpoint has characters in it that no address has")
    if parts.scheme != "https":
        raise ForbiddenEndpoint("the endpoint is not an https:// address")
    if "@" in parts.netloc:
        raise ForbiddenEndpoint("the endpoint has a user name in it")
    if not host:
        raise ForbiddenEndpoint("the endpoint names no host")
    if not allow_private:
        if port not in (None, 443):
            raise ForbiddenEndpoint("the endpoint names a port of its own")
        # IP addresses in any spelling that a resolver understands: 0x7f.1, 2130706433, ::1.
        if ":" in host or _is_number(host.rstrip(".").rpartition(".")[2]):
            raise ForbiddenEndpoint("the endpoint is at an address instead of a name")
    return f"https://{host}" if port in (None, 443) else f"https://{host}:{port}"


def is_of(origin: str, services: Iterable[str]) -> bool:
    """Whether an origin is at, or below, one of these domains."""
    host = urlsplit(origin).hostname or ""
    return any(host == service or host.endswith(f".{service}") for service in services)


class PublicResolver(AbstractResolver):
    """Resolves host names, and rejects those with a private address."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        """`resolver` defaults to the system's."""
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises ForbiddenEndpoint if any address is private, OSError if the name is unknown."""
        # Made here, since it needs a running event loop.
        self._resolver = self._resolver or ThreadedResolver(asyncio.get_running_loop())
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(one["host"]) for one in found):
            raise ForbiddenEndpoint("the endpoint's name stands for a private address")
        return found

    async def close(self) -> None:
        if self._resolver is not None:
            await self._resolver.close()


class EndpointClient:
    """Calls endpoints behind the guard. Services that are not trusted share few connections.

    So services that answer late do not take the connections of others. `concurrency` is the number
    of requests in flight to the trusted ones, `timeout` and `connect_timeout` are in seconds.
    """

    def __init__(
        self,
        *,
        trusted: Iterable[str],
        allow_private: bool,
        concurrency: int,
        timeout: float,
        connect_timeout: float,
        tls: ssl.SSLContext,
    ) -> None:
        self._services = tuple(trusted)
        self._allow_private = allow_private
        self._trusted, self._others = (
            HttpClient(
                concurrency=share,
                timeout=timeout,
                connect_timeout=connect_timeout,
                resolver=None if allow_private else PublicResolver(),
                tls=tls,
            )
            for share in (concurrency, max(1, concurrency // _UNTRUSTED_SHARE))
        )

    async def open(self) -> None:
        await self._trusted.open()
        await self._others.open()

    async def close(self) -> None:
        await asyncio.gather(self._trusted.close(), self._others.close())

    def origin_of(self, endpoint: str) -> str:
        """Raises ForbiddenEndpoint."""
        return origin_of(endpoint, allow_private=self._allow_private)

    def is_trusted(self, origin: str) -> bool:
        return is_of(origin, self._services)

    def service_of(self, endpoint: str) -> str:
        """The origin of a trusted service; empty for the others, which share a breaker."""
        with contextlib.suppress(ForbiddenEndpoint):
            origin = self.origin_of(endpoint)
            if self.is_trusted(origin):
                return origin
        return ""

    async def post(
        self, endpoint: str, origin: str, *, data: bytes, headers: Mapping[str, str]
    ) -> Response | Retry | Unknown:
        """Raises ForbiddenEndpoint if the name of the origin stands for a private address."""
        client = self._trusted if self.is_trusted(origin) else self._others
        return await client.post(endpoint, data=data, headers=headers)


def _is_number(label: str) -> bool:
    """Whether the last label of a host is a number, as no top-level domain is (RFC 3696, 2)."""
    return label.isdigit() or label.lower().startswith("0x")
