"""The connections to one mail server: bounded, used again, and closed when nobody needs them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from dispatcher.providers.smtp.connection import Connection


class Pool:
    """Keeps connections that are not in use.

    The one used last is used next, so that those too many grow old and are closed.
    """

    def __init__(self, size: int, idle: float, mails: int) -> None:
        """`size` connections at once; closed after `idle` seconds unused, or `mails` mails."""
        self._size = size
        self._slots = asyncio.Semaphore(size)
        self._closing = asyncio.Lock()
        self._idle_limit = idle
        self._mail_limit = mails
        self._idle: list[Connection] = []
        self._sweep: asyncio.TimerHandle | None = None
        self._goodbyes: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """The right to use one connection; waits, first come first served, while all are in use."""
        async with self._slots:
            yield

    async def take(self) -> Connection | None:
        """An open connection that passed its check, or None: then make one."""
        if not self._idle:
            return None
        connection = self._idle.pop()
        fit = False
        try:
            fit = await connection.is_fit(asyncio.get_running_loop().time())
        finally:
            if not fit:
                connection.abort()
                self.drop_idle()
        return connection if fit else None

    def keep(self, connection: Connection) -> None:
        """Take a connection back after use."""
        if not connection.is_alive:
            connection.abort()
        elif connection.mails >= self._mail_limit:
            self._say_goodbye(connection)
        else:
            loop = asyncio.get_running_loop()
            connection.used_at = loop.time()
            self._idle.append(connection)
            if self._sweep is None:
                self._sweep = loop.call_later(self._idle_limit, self._close_idle)

    def drop_idle(self) -> None:
        """One turned out dead, and the others are older: asking each may take a time-out."""
        while self._idle:
            self._idle.pop().abort()

    async def close(self) -> None:
        """Wait for those in use, then close them all."""
        # One closer at a time: two, each with half of the slots, would wait for each other.
        async with self._closing, contextlib.AsyncExitStack() as held:
            for _ in range(self._size):
                await held.enter_async_context(self._slots)
            if self._sweep is not None:
                self._sweep.cancel()
                self._sweep = None
            while self._idle:
                self._say_goodbye(self._idle.pop())
            await asyncio.gather(*self._goodbyes)

    def _close_idle(self) -> None:
        self._sweep = None
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._idle_limit
        while self._idle and self._idle[0].used_at <= oldest:
            self._say_goodbye(self._idle.pop(0))
        if self._idle:
            due = self._idle[0].used_at + self._idle_limit
            self._sweep = loop.call_at(due, self._close_idle)

    def _say_goodbye(self, connection: Connection) -> None:
        # Kept in a set, because the loop itself only keeps weak references.
        task = asyncio.get_running_loop().create_task(connection.quit())
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)
