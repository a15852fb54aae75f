"""What a stream needs of its connection, and ASGI does not offer: the one place that reaches into
uvicorn.

ASGI's `send` is a coroutine, so that each chunk costs a task; a gateway writes to thousands of
streams at once. ASGI also has no way to drop a connection: the end of a response waits until
everything is sent, and a client that does not read never takes it.

What is used here is not documented by uvicorn: the class `H11Protocol`, its attributes `app_state`,
`flow` and `scope`, and that a protocol's `app_state` becomes `scope["state"]` of its requests.
tests/gateway/stream/test_transport.py fails where an upgrade changes any of it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Key in the ASGI scope's state of a callable that drops the connection with what is unsent.
ABORT: Final = "abort"

#: Key in the ASGI scope's state of a callable that writes a chunk of the body without blocking and
#: returns whether it did.
WRITE: Final = "write"


class StreamProtocol(H11Protocol):
    """HTTP/1.1 of uvicorn, which offers ABORT and WRITE to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Bound to the transport, which lets go of its protocol when it closes. Bound to the
        # protocol they would make a cycle, which stays in memory until it is collected.
        self.app_state = {
            **self.app_state,
            ABORT: transport.abort,
            WRITE: partial(_write, transport),
        }


def _write(transport: asyncio.Transport, chunk: bytes) -> bool:
    """Writes a chunk of the body as h11 would frame it (RFC 9112, 7.1).

    Returns False where the connection is closing, or its buffer is full. Before HTTP/1.1 there is
    no chunked encoding.
    """
    if transport.is_closing():
        return False
    protocol = cast("StreamProtocol", transport.get_protocol())
    if protocol.flow.write_paused:
        return False
    if protocol.scope["http_version"] >= "1.1":
        chunk = b"%x\r\n%b\r\n" % (len(chunk), chunk)
    transport.write(chunk)
    return True
