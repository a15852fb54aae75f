"""Many open pages in one process: they open, wait, and note when something came."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable, Sequence
from typing import cast

#: Connections that are being opened at the same time.
_AT_ONCE = 100
#: What a server says when a page is open, and what it says of news.
_STATE = b"event: state"
_NEWS = b"event: notification"


class _Page(asyncio.Protocol):
    def __init__(self, request: bytes, seen: Callable[[], None]) -> None:
        self._request = request
        self._head = b""
        self._seen = seen
        self._transport: asyncio.BaseTransport | None = None
        self.is_open: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        cast("asyncio.Transport", transport).write(self._request)
        self._request = b""

    def data_received(self, data: bytes) -> None:
        if not self.is_open.done():
            self._head += data
            if not self._head.startswith(b"HTTP/1.1 200"):
                self.is_open.set_exception(ConnectionError(self._head[:200].decode()))
            elif _STATE in self._head:
                self._head = b""
                self.is_open.set_result(None)
        for _ in range(data.count(_NEWS)):
            self._seen()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.is_open.done():
            self.is_open.set_exception(ConnectionError("closed before it was open"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Crowd:
    """The pages; `arrivals` are the times of what came, by time.perf_counter()."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pages: list[_Page] = []
        self._missing = 0
        self._all_came = asyncio.Event()
        self.arrivals: list[float] = []

    async def open(self, requests: Sequence[bytes]) -> float:
        """One page for each request; the seconds until all are open."""
        loop = asyncio.get_running_loop()
        places = asyncio.Semaphore(_AT_ONCE)

        async def open_one(request: bytes) -> None:
            async with places:
                _, page = await loop.create_connection(
                    lambda: _Page(request, self._seen), "127.0.0.1", self._port
                )
                self._pages.append(page)
                await page.is_open

        began = time.perf_counter()
        await asyncio.gather(*(open_one(request) for request in requests))
        return time.perf_counter() - began

    def expect(self, count: int) -> None:
        self.arrivals = []
        self._missing = count
        self._all_came.clear()

    async def came(self, seconds: float = 30) -> None:
        """Returns when all that was expected has come."""
        async with asyncio.timeout(seconds):
            await self._all_came.wait()

    def close(self) -> None:
        for page in self._pages:
            page.close()

    def _seen(self) -> None:
        self.arrivals.append(time.perf_counter())
        self._missing -= 1
        if self._missing == 0:
            self._all_came.set()


def files_for(connections: int) -> None:
    """Lets this process, and those that it starts, have so many open. Raises ValueError."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < connections + 200:
        raise ValueError(f"a process may have {most} files open here: ask for fewer streams")
    resource.setrlimit(resource.RLIMIT_NOFILE, (connections + 200, most))
