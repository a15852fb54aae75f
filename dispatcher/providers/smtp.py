"""SMTP (RFC 5321): sends mails through a pool of connections to one mail server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Self

from dispatcher.channels.email import Email
from dispatcher.delivery.model import Outcome, Refused, Retry
from dispatcher.providers.base import MISCONFIGURED, ProviderNotOpenError, ProviderUrlError
from dispatcher.providers.smtp_connection import (
    FAILURES,
    MisconfiguredError,
    SmtpConnection,
    SmtpEndpoint,
    unsendable,
)


class SmtpPool:
    """Connections to one mail server, bounded and reused.

    The most recently used one is taken next, so that surplus connections become idle and close.
    """

    def __init__(self, size: int, idle: float, mails: int) -> None:
        """At most `size` connections; each closes after `idle` seconds unused, or `mails` mails."""
        self._size = size
        self._slots = asyncio.Semaphore(size)
        self._closing = asyncio.Lock()
        self._idle_limit = idle
        self._mail_limit = mails
        self._idle: list[SmtpConnection] = []
        self._sweep: asyncio.TimerHandle | None = None
        self._quits: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """The right to use one connection; waits in turn while all are in use."""
        async with self._slots:
            yield

    async def take(self) -> SmtpConnection | None:
        """A checked open connection; None if the caller has to make one."""
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

    def keep(self, connection: SmtpConnection) -> None:
        """Take a connection back after use."""
        if not connection.is_alive:
            connection.abort()
        elif connection.mails >= self._mail_limit:
            self._quit(connection)
        else:
            loop = asyncio.get_running_loop()
            connection.used_at = loop.time()
            self._idle.append(connection)
            if self._sweep is None:
                self._sweep = loop.call_later(self._idle_limit, self._close_idle)

    def drop_idle(self) -> None:
        """Close all idle connections: after a dead one, since checking each may time out."""
        while self._idle:
            self._idle.pop().abort()

    async def close(self) -> None:
        """Wait for the connections in use, then close all."""
        # One closer at a time: two that hold half of the slots each would deadlock.
        async with self._closing, contextlib.AsyncExitStack() as held:
            for _ in range(self._size):
                await held.enter_async_context(self._slots)
            if self._sweep is not None:
                self._sweep.cancel()
                self._sweep = None
            while self._idle:
                self._quit(self._idle.pop())
            await asyncio.gather(*self._quits)

    def _close_idle(self) -> None:
        self._sweep = None
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._idle_limit
        while self._idle and self._idle[0].used_at <= oldest:
            self._quit(self._idle.pop(0))
        if self._idle:
            due = self._idle[0].used_at + self._idle_limit
            self._sweep = loop.call_at(due, self._close_idle)

    def _quit(self, connection: SmtpConnection) -> None:
        # The event loop keeps only weak references to tasks.
        task = asyncio.get_running_loop().create_task(connection.quit())
        self._quits.add(task)
        task.add_done_callback(self._quits.discard)


#: What a client without a name says in EHLO (RFC 5321, 4.1.3).
NAMELESS = "[127.0.0.1]"


class Smtp:
    """Sends mails through one mail server."""

    channel = "email"

    def __init__(self, endpoint: SmtpEndpoint, *, name: str = "smtp") -> None:
        """Raises ProviderUrlError if the endpoint's certificates cannot be read."""
        self.name = name
        self._endpoint = endpoint
        try:
            self._context = endpoint.tls_context()
        except OSError as fault:
            raise ProviderUrlError(f"{MISCONFIGURED}ca: {fault}") from fault
        self._hello = endpoint.hello or ("localhost" if endpoint.is_loopback else None)
        self._pool = SmtpPool(endpoint.pool, endpoint.idle, endpoint.mails)
        self._open = False

    @classmethod
    def from_url(cls, url: str, *, name: str | None = None) -> Self:
        """`smtp://`, `smtp+starttls://` or `smtps://` (SmtpEndpoint). Raises ProviderUrlError."""
        return cls(SmtpEndpoint.from_url(url), name=name or "smtp")

    def __repr__(self) -> str:
        return f"Smtp({self._endpoint.host}:{self._endpoint.port})"

    async def open(self) -> None:
        if self._hello is None:
            # The resolver may block, so it is asked in a thread, once.
            name = await asyncio.to_thread(socket.getfqdn)
            self._hello = name if "." in name and name.isascii() else NAMELESS
        self._open = True

    async def send(self, message: Email) -> Outcome:
        if not self._open:
            raise ProviderNotOpenError(self.name)
        if (fault := unsendable(message)) is not None:
            return Refused(fault)
        async with self._pool.slot():
            connection = await self._pool.take()
            if connection is not None:
                outcome = await self._deliver(connection, message)
                if not connection.was_stale:
                    return outcome
                # The server had closed the idle connection: send on a new one, once.
                self._pool.drop_idle()
            connection = SmtpConnection(self._endpoint, self._context, self._hello or NAMELESS)
            return await self._deliver(connection, message)

    async def check(self) -> Retry | None:
        """Connect, encrypt, log in and quit, without a mail."""
        connection = SmtpConnection(self._endpoint, self._context, self._hello or NAMELESS)
        try:
            await connection.open()
            await connection.quit()
        except (*FAILURES, MisconfiguredError) as failure:
            outcome = connection.failed(failure)
            return outcome if isinstance(outcome, Retry) else Retry(outcome.reason)
        finally:
            connection.abort()
        return None

    async def close(self) -> None:
        self._open = False
        await self._pool.close()

    async def _deliver(self, connection: SmtpConnection, message: Email) -> Outcome:
        delivered = False
        try:
            if connection.mails == 0:
                await connection.open()
            outcome = await connection.deliver(message)
            delivered = True
        except (*FAILURES, MisconfiguredError) as failure:
            return connection.failed(failure)
        finally:
            # Also after a cancellation: a session in mid-transaction cannot be reused.
            if not delivered:
                connection.abort()
        self._pool.keep(connection)
        return outcome
