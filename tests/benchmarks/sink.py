"""A mail server that takes everything at once and notes when each mail began."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Arrival(NamedTuple):
    """One mail: to whom, and when its sender began to speak of it (time.perf_counter)."""

    address: str
    began: float


class Sink:
    """Listens on 127.0.0.1 in a thread of its own."""

    def __init__(self) -> None:
        self.arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self.port = 0
        self.sessions: set[asyncio.Transport] = set()


class _Session(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = b""
        self._is_data = False
        self._began = 0.0
        self._address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sink.sessions.add(transport)
        transport.write(b"220 sink\r\n")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio passes it
        self._sink.sessions.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._buffer += data
        while self._buffer:
            end = b"\r\n.\r\n" if self._is_data else b"\r\n"
            text, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            if self._is_data:
                self._is_data = False
                self._sink.arrivals.put(Arrival(self._address, self._began))
                self._transport.write(b"250 2.0.0 taken\r\n")
            else:
                self._command(text, now)

    def _command(self, line: bytes, now: float) -> None:
        match line[:4].upper():
            case b"EHLO":
                self._transport.write(b"250-sink\r\n250 8BITMIME\r\n")
            case b"MAIL":
                self._began = now
                self._transport.write(b"250 2.1.0 yes\r\n")
            case b"RCPT":
                self._address = line.partition(b"<")[2].partition(b">")[0].decode()
                self._transport.write(b"250 2.1.5 yes\r\n")
            case b"DATA":
                self._is_data = True
                self._transport.write(b"354 go on\r\n")
            case b"HELP":
                # How many it has taken.
                self._transport.write(b"214 %d\r\n" % self._sink.arrivals.qsize())
            case b"QUIT":
                self._transport.write(b"221 bye\r\n")
                self._transport.close()
            case _:
                self._transport.write(b"250 2.0.0 fine\r\n")


@contextmanager
def opened() -> Iterator[Sink]:
    """A sink for as long as the block lasts."""
    sink = Sink()
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    over = asyncio.Event()

    async def serve() -> None:
        server = await loop.create_server(lambda: _Session(sink), "127.0.0.1", 0)
        sink.port = server.sockets[0].getsockname()[1]
        ready.set()
        await over.wait()
        server.close()
        for session in list(sink.sessions):
            session.abort()
        # Transports close their sockets at the loop's next turn.
        await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()], name="sink")
    thread.start()
    ready.wait()
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
