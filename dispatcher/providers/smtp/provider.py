"""The SMTP provider."""

from __future__ import annotations

import asyncio
import socket
from typing import Self

from dispatcher.channels.email import Email
from dispatcher.delivery import Outcome, Refused, Retry
from dispatcher.providers.provider import MISCONFIGURED, ProviderNotOpenError, ProviderUrlError
from dispatcher.providers.smtp.connection import (
    FAILURES,
    Connection,
    MisconfiguredError,
    unsendable,
)
from dispatcher.providers.smtp.endpoint import Endpoint
from dispatcher.providers.smtp.pool import Pool

#: RFC 5321, 4.1.3: what a client says that has no name.
NAMELESS = "[127.0.0.1]"


class Smtp:
    """Sends mails through one mail server."""

    channel = "email"

    def __init__(self, endpoint: Endpoint, *, name: str = "smtp") -> None:
        """Raises ProviderUrlError if the endpoint's certificates cannot be read."""
        self.name = name
        self._endpoint = endpoint
        try:
            self._context = endpoint.tls_context()
        except OSError as fault:
            raise ProviderUrlError(f"{MISCONFIGURED}ca: {fault}") from fault
        self._hello = endpoint.hello or ("localhost" if endpoint.is_loopback else None)
        self._pool = Pool(endpoint.pool, endpoint.idle, endpoint.mails)
        self._open = False

    @classmethod
    def from_url(cls, url: str, *, name: str | None = None) -> Self:
        """`smtp://`, `smtp+starttls://` or `smtps://`: see Endpoint. Raises ProviderUrlError."""
        return cls(Endpoint.from_url(url), name=name or "smtp")

    def __repr__(self) -> str:
        return f"Smtp({self._endpoint.host}:{self._endpoint.port})"

    async def open(self) -> None:
        if self._hello is None:
            # Asks the resolver, which may take its time: in a thread, and once.
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
                # The server had hung up meanwhile, so the mail gets a new connection, once.
                self._pool.drop_idle()
            connection = Connection(self._endpoint, self._context, self._hello or NAMELESS)
            return await self._deliver(connection, message)

    async def greet(self) -> Retry | None:
        """Connect, encrypt, log in and say goodbye, as before a mail."""
        connection = Connection(self._endpoint, self._context, self._hello or NAMELESS)
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

    async def _deliver(self, connection: Connection, message: Email) -> Outcome:
        delivered = False
        try:
            if connection.mails == 0:
                await connection.open()
            outcome = await connection.deliver(message)
            delivered = True
        except (*FAILURES, MisconfiguredError) as failure:
            return connection.failed(failure)
        finally:
            # Also when we are cancelled in the middle: nobody may use what is half said.
            if not delivered:
                connection.abort()
        self._pool.keep(connection)
        return outcome
