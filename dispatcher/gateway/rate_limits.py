"""Rate limits: requests of each person and operator, and failed logins of each address.

Each process counts for itself. Webhooks, unsubscribing, health checks and what mails load are not
limited: they need no login, many of them come from few addresses, and a provider that is refused
with a bounce or a STOP may never repeat it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from typing import Final

import structlog
from starlette.requests import HTTPConnection

from dispatcher.addresses import IPNetwork, is_public, read_address, read_network
from dispatcher.gateway.problem import TooManyRequests, Unauthorized
from dispatcher.providers.token_bucket import TokenBucket

log = structlog.get_logger()

#: Proxies that are trusted if none are configured.
LOOPBACK: Final = ("127.0.0.0/8", "::1")
#: Seconds' worth of the rate that may come at once.
BURST: Final = 10
_TOO_OFTEN: Final = f"more requests have come than {BURST} seconds allow"
#: Keys that are remembered, at most: a few MiB.
_MOST: Final = 10_000
#: Seconds by which requests that were under way may overdraw a bucket, at most.
_LONGEST_DEBT: Final = 60.0
#: Seconds after which a client should try again while its earlier requests run.
_TURN_SECONDS: Final = 1.0
#: Seconds that count as none, because of rounding.
_NOTHING: Final = 1e-6
#: Bits of the IPv6 prefix that is counted as one client (RFC 6177).
_SITE: Final = 64


class RateLimiter:
    """A token bucket for each key: `rate` a second, and BURST seconds' worth at once.

    Of more than `most` keys, the least recently used is forgotten, and starts over.
    """

    def __init__(
        self, rate: float, *, most: int = _MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate: Final = rate
        self._most: Final = most
        self._clock: Final = clock
        self._buckets: Final[OrderedDict[Hashable, TokenBucket]] = OrderedDict()

    def __len__(self) -> int:
        """The number of keys that are remembered."""
        return len(self._buckets)

    def require(self, key: Hashable) -> None:
        """Raises TooManyRequests if the key has nothing left."""
        if (bucket := self._buckets.get(key)) is not None:
            wait = bucket.retry_in(self._clock())
            if wait > _NOTHING:
                raise TooManyRequests(wait, _TOO_OFTEN)

    def spend(self, key: Hashable) -> None:
        """Counts one request. Raises TooManyRequests instead if the key has nothing left."""
        self.require(key)
        self.charge(key)

    def charge(self, key: Hashable) -> None:
        """Counts one request, whatever is left."""
        if key not in self._buckets:
            if len(self._buckets) >= self._most:
                self._buckets.popitem(last=False)
            self._buckets[key] = TokenBucket(self._rate, max(1, int(self._rate * BURST)))
        self._buckets.move_to_end(key)
        self._buckets[key].take(self._clock(), _LONGEST_DEBT)


class FairSemaphore:
    """For expensive requests: `at_once` run at a time, and never two of one key.

    So a client that sends many delays only itself: it holds one slot at most, and queues behind the
    others again. At most `waiting` requests of one key may wait.
    """

    def __init__(self, at_once: int, *, waiting: int) -> None:
        self._slots: Final = asyncio.Semaphore(at_once)
        self._waiting: Final = waiting
        self._queues: Final[dict[Hashable, _Queue]] = {}

    @asynccontextmanager
    async def slot(self, key: Hashable) -> AsyncIterator[None]:
        """Waits for a slot. Raises TooManyRequests at once if too many of the key wait already."""
        queue = self._queues.setdefault(key, _Queue())
        if queue.length > self._waiting:
            raise TooManyRequests(
                _TURN_SECONDS, f"{self._waiting} such requests of yours are waiting already"
            )
        queue.length += 1
        try:
            async with queue.lock, self._slots:
                yield
        finally:
            queue.length -= 1
            if not queue.length:
                del self._queues[key]


@dataclass(slots=True)
class _Queue:
    #: Requests that run or wait.
    length: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class RateLimits:
    """`requests` limits each person and operator, `failures` each address; None is no limit.

    `proxies` are trusted to name their client (X-Forwarded-For).
    """

    def __init__(
        self,
        requests: RateLimiter | None = None,
        failures: RateLimiter | None = None,
        *,
        proxies: Sequence[str] = (),
    ) -> None:
        self._requests: Final = requests
        self._failures: Final = failures
        self._proxies: Final = [read_network(proxy) for proxy in proxies]

    def count(self, key: Hashable) -> None:
        """Counts an authenticated request. Raises TooManyRequests."""
        if self._requests is not None:
            self._requests.spend(key)

    @contextmanager
    def counting_failures(self, connection: HTTPConnection) -> Iterator[None]:
        """Counts an Unauthorized of the block. Raises TooManyRequests before it, after too many."""
        address = None if self._failures is None else client_address(connection, self._proxies)
        if self._failures is None or address is None:
            yield
            return
        self._failures.require(address)
        try:
            yield
        except Unauthorized:
            self._failures.charge(address)
            raise


def client_address(connection: HTTPConnection, proxies: Sequence[IPNetwork]) -> str | None:
    """The client's address, or its IPv6 /64 prefix; None if it may be shared by many clients.

    An address of a private network is a proxy that is not configured, or names no client. Counting
    everybody behind it together would lock all of them out.
    """
    if connection.client is None:
        return None
    forwarded = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")
    # The last hop is the nearest. What stands before a hop is trusted if that one is a proxy.
    for hop in [connection.client.host, *reversed(forwarded)]:
        try:
            address = read_address(hop.strip())
        except ValueError:
            return None
        if not any(address in proxy for proxy in proxies):
            if not is_public(str(address)):
                return None
            if isinstance(address, IPv6Address):
                return str(IPv6Network((address, _SITE), strict=False))
            return str(address)
    return None
