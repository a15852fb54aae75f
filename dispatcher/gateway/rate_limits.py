"""How often one may ask: a person, and an address that shows what lets nobody in.

Each process counts for itself. Reports of providers, unsubscribing, health and what mails load are
not counted, for nobody is let in there: they come in crowds from few addresses, and who is told to
come later with a bounce or a STOP may never come again.
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

#: Where a web server stands that nobody has named.
LOOPBACK: Final = ("127.0.0.0/8", "::1")
#: Seconds of the rate that may come at once.
BURST: Final = 10
_TOO_OFTEN: Final = f"more requests have come than {BURST} seconds allow"
#: Whom we remember, at most: a few MiB.
_MOST: Final = 10_000
#: Seconds for which what was under way already may count against somebody.
_LONGEST_DEBT: Final = 60.0
#: Seconds after which a request that takes long may have come to its end.
_TURN_SECONDS: Final = 1.0
#: Seconds: nothing, but for the rounding.
_NOTHING: Final = 1e-6
#: Who rents one IPv6 address rents so many bits of them (RFC 6177).
_SITE: Final = 64


class Allowance:
    """`rate` a second for each who asks, and BURST seconds' worth at once.

    Who has not asked for longest is forgotten first, and would begin anew.
    """

    def __init__(
        self, rate: float, *, most: int = _MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate: Final = rate
        self._most: Final = most
        self._clock: Final = clock
        self._buckets: Final[OrderedDict[Hashable, TokenBucket]] = OrderedDict()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._buckets)

    def require(self, who: Hashable) -> None:
        """Raises TooManyRequests if they could not spend."""
        if (bucket := self._buckets.get(who)) is not None:
            wait = bucket.retry_in(self._clock())
            if wait > _NOTHING:
                raise TooManyRequests(wait, _TOO_OFTEN)

    def spend(self, who: Hashable) -> None:
        """Counts one. Raises TooManyRequests, and then counts none."""
        self.require(who)
        self.charge(who)

    def charge(self, who: Hashable) -> None:
        """Counts one, whatever they have left."""
        if who not in self._buckets:
            if len(self._buckets) >= self._most:
                self._buckets.popitem(last=False)
            self._buckets[who] = TokenBucket(self._rate, max(1, int(self._rate * BURST)))
        self._buckets.move_to_end(who)
        self._buckets[who].take(self._clock(), _LONGEST_DEBT)


class Turns:
    """For requests that take long: `at_once` run, and each person's one after the other.

    So whoever sends many waits for themselves alone: a person never has more than one place, and
    comes in again behind the others who wait. `waiting` is how many of one person's may wait.
    """

    def __init__(self, at_once: int, *, waiting: int) -> None:
        self._places: Final = asyncio.Semaphore(at_once)
        self._waiting: Final = waiting
        self._queues: Final[dict[Hashable, _Queue]] = {}

    @asynccontextmanager
    async def turn(self, who: Hashable) -> AsyncIterator[None]:
        """Waits for it. Raises TooManyRequests at once if too many of theirs wait already."""
        queue = self._queues.setdefault(who, _Queue())
        if queue.length > self._waiting:
            raise TooManyRequests(
                _TURN_SECONDS, f"{self._waiting} such requests of yours are waiting already"
            )
        queue.length += 1
        try:
            async with queue.lock, self._places:
                yield
        finally:
            queue.length -= 1
            if not queue.length:
                del self._queues[who]


@dataclass(slots=True)
class _Queue:
    #: Those that run or wait.
    length: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Limits:
    """`persons` is what each person and operator has, `strangers` each address; None is no limit.

    `proxies` are believed when they say for whom they ask (X-Forwarded-For).
    """

    def __init__(
        self,
        persons: Allowance | None = None,
        strangers: Allowance | None = None,
        *,
        proxies: Sequence[str] = (),
    ) -> None:
        self._persons: Final = persons
        self._strangers: Final = strangers
        self._proxies: Final = [read_network(proxy) for proxy in proxies]

    def count(self, who: Hashable) -> None:
        """A request of somebody's who was let in. Raises TooManyRequests."""
        if self._persons is not None:
            self._persons.spend(who)

    @contextmanager
    def at_the_door(self, connection: HTTPConnection) -> Iterator[None]:
        """Counts an Unauthorized; after too many, TooManyRequests before anything is looked up."""
        address = None if self._strangers is None else client_of(connection, self._proxies)
        if self._strangers is None or address is None:
            yield
            return
        self._strangers.require(address)
        try:
            yield
        except Unauthorized:
            self._strangers.charge(address)
            raise


def client_of(connection: HTTPConnection, proxies: Sequence[IPNetwork]) -> str | None:
    """The client's address, of IPv6 its site's; None if others may well stand behind it.

    They do behind one of a private network: that is a proxy which nobody named, or which does not
    say for whom it asks. To count all of these together would lock everybody out.
    """
    if connection.client is None:
        return None
    said = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")
    # The nearest is the last: what stands before it is true if that one is to be believed.
    for hop in [connection.client.host, *reversed(said)]:
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
