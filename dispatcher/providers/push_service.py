"""The push service behind an endpoint, which is whatever a user's browser, or a user, says it is.

So the server is kept from being used as a way into the network it stands in (OWASP: server-side
request forgery): https only, by a name, at the usual port, and the addresses that the name stands
for are looked at when the connection is made, each time, which leaves no time to change them.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from dispatcher.addresses import is_public

#: Those of the browsers that most people have.
BROWSER_MAKERS: Final = (
    "fcm.googleapis.com",
    "push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
)


class ForbiddenEndpoint(Exception):
    """The endpoint leads where no push service is. The message says why, without the endpoint."""


def origin_of(endpoint: str, *, allow_private: bool = False) -> str:
    """The service's origin, `https://host` or `https://host:port`: what a signature is made for.

    `allow_private`, for tests, allows addresses instead of names, and any port. Raises
    ForbiddenEndpoint.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ForbiddenEndpoint("the endpoint cannot be parsed") from None
    # What a browser writes has nothing else in it; and two readings of one address begin here.
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
        # In any of the spellings that the resolver would understand: 0x7f.1, 2130706433, ::1.
        if ":" in host or _is_number(host.rstrip(".").rpartition(".")[2]):
            raise ForbiddenEndpoint("the endpoint is at an address instead of a name")
    return f"https://{host}" if port in (None, 443) else f"https://{host}:{port}"


def is_of(origin: str, services: Iterable[str]) -> bool:
    """Whether an origin is at one of these domains, or below one."""
    host = urlsplit(origin).hostname or ""
    return any(host == service or host.endswith(f".{service}") for service in services)


class PublicResolver(AbstractResolver):
    """Resolves names, but not to addresses that are not everybody's."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        """`resolver` is the one that knows: the system's, by default."""
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises ForbiddenEndpoint if one of the addresses is private, OSError as the system's."""
        # Made late: it wants a running loop.
        self._resolver = self._resolver or ThreadedResolver(asyncio.get_running_loop())
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(one["host"]) for one in found):
            raise ForbiddenEndpoint("the endpoint's name stands for a private address")
        return found

    async def close(self) -> None:
        if self._resolver is not None:
            await self._resolver.close()


def _is_number(label: str) -> bool:
    """As the last label of a host: no top-level domain is one (RFC 3696, 2)."""
    return label.isdigit() or label.lower().startswith("0x")
