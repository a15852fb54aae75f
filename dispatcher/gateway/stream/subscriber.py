"""The open streams of a process: what is still to be written to each, and how it ends."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from starlette.types import Receive, Send

from dispatcher.gateway.auth import Identity
from dispatcher.gateway.stream.log_reader import Reader

#: Keeps a connection from being thought dead; pages do not see it.
COMMENT_FRAME: Final = b":\n\n"

#: Bytes that may wait for a page that reads slowly. Beyond, it is disconnected, and comes back.
BUFFER: Final = 262_144

#: Bytes that wait for a page that is worth waiting for: well below what it may leave untaken.
_MUCH: Final = BUFFER // 4

#: Seconds between two signs of life of a stream: below the half minute after which some proxies and
#: mobile networks forget a silent connection, and not the same for all.
SHORTEST_BEAT: Final = 15
LONGEST_BEAT: Final = 25


def event_frame(name: str, data: str, position: str | None = None) -> bytes:
    """An event; `data` is one line. The page's last event id becomes `position`, if given."""
    last = "" if position is None else f"id: {position}\n"
    return f"event: {name}\n{last}data: {data}\n\n".encode()


def position_frame(position: str) -> bytes:
    """Moves the page's last event id and tells it nothing, for want of data."""
    return f"id: {position}\n\n".encode()


def retry_frame(milliseconds: int) -> bytes:
    """How long a page waits before it comes back."""
    return f"retry: {milliseconds}\n\n".encode()


class OpenStream:
    """Written to by whoever has something to tell; nothing waits for a slow page but itself.

    An idle stream has no task but the one that its server gave it.
    """

    __slots__ = (
        "_abort", "_is_doubted", "_is_held", "_put", "_receiving", "_send", "_waiting", "_writer",
        "identity", "is_ended",
    )  # fmt: skip

    def __init__(
        self,
        identity: Identity,
        send: Send,
        abort: Callable[[], None] | None = None,
        put: Callable[[bytes], bool] | None = None,
    ) -> None:
        """`abort` drops the connection with what is unsent; without it, the request is ended.

        `put` sends what the connection takes without waiting, and says whether it did; without it,
        each piece costs a task.
        """
        self.identity: Final = identity
        #: Nothing more is written to it.
        self.is_ended = False
        self._send: Final = send
        self._abort: Final = abort
        self._put: Final = put
        self._waiting = b""
        self._is_doubted = False
        self._writer: asyncio.Task[None] | None = None
        self._receiving: asyncio.Task[object] | None = None
        # What happens from now on comes after what was missed.
        self._is_held = True

    @property
    def reader(self) -> Reader:
        return self.identity.tenant_id, self.identity.recipient_id

    @property
    def is_busy(self) -> bool:
        """Whether the page has yet to take what was written before."""
        return self._is_held or self._writer is not None

    def is_stuck(self) -> bool:
        """Whether the page has taken nothing of what waits since this was last asked."""
        was_doubted, self._is_doubted = self._is_doubted, self._writer is not None
        return was_doubted and self._is_doubted

    @property
    def is_behind(self) -> bool:
        """Whether much waits for the page, so that whoever writes on should let it catch up."""
        return len(self._waiting) > _MUCH

    async def caught_up(self, patience: float) -> None:
        """Returns when the page has taken all that waits, or after these seconds."""
        if self._writer is not None:
            await asyncio.wait((self._writer,), timeout=patience)

    async def run(self, receive: Receive) -> None:
        """Returns when the page has gone, or the stream has ended."""
        self._receiving = asyncio.current_task()
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            task = asyncio.current_task()
            # Cut off by us; cancelled by somebody else, it passes on.
            if not self.is_ended or task is None or task.uncancel():
                raise
        finally:
            self.is_ended = True
            self._waiting = b""
            if self._writer is not None:
                self._writer.cancel()

    def write(self, chunk: bytes) -> None:
        """In order, and sent as soon as the page takes it."""
        if self.is_ended:
            return
        self._waiting += chunk
        if len(self._waiting) > BUFFER:
            self.cut_off()
        elif not self.is_busy:
            self._flush()

    def release(self, first: bytes) -> None:
        """Writes this first, however much it is, and then what came in the meantime."""
        if self.is_ended:
            return
        self._is_held = False
        self._waiting = first + self._waiting
        self._flush()

    def end(self, last: bytes = b"") -> None:
        """Ends the response, after what waits."""
        if self.is_ended:
            return
        self._is_held = False
        self._waiting += last or b"\n"
        self.is_ended = True
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    def cut_off(self) -> None:
        """Drops the connection of a page that does not read."""
        self.is_ended = True
        self._waiting = b""
        if self._abort is not None:
            self._abort()
        elif self._receiving is not None:
            self._receiving.cancel()

    def _flush(self) -> None:
        """At once, or as soon as the page takes it."""
        if self._put is not None and self._put(self._waiting):
            self._waiting = b""
        else:
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._waiting:
                chunk, self._waiting = self._waiting, b""
                await self._send(
                    {"type": "http.response.body", "body": chunk, "more_body": not self.is_ended}
                )
                self._is_doubted = False
        except OSError:
            # The page has gone; whoever receives hears of it.
            self.is_ended = True
        finally:
            self._writer = None


class Audience:
    def __init__(self) -> None:
        self._streams: Final[dict[Reader, list[OpenStream]]] = {}
        self._count = 0
        self._is_empty: Final = asyncio.Event()
        self._is_empty.set()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[OpenStream]:
        """All of them as they are now; what comes or goes meanwhile does no harm."""
        return iter([stream for streams in self._streams.values() for stream in streams])

    def __contains__(self, reader: Reader) -> bool:
        return reader in self._streams

    def of(self, reader: Reader) -> tuple[OpenStream, ...]:
        return tuple(self._streams.get(reader, ()))

    def add(self, stream: OpenStream) -> None:
        self._streams.setdefault(stream.reader, []).append(stream)
        self._count += 1
        self._is_empty.clear()

    def remove(self, stream: OpenStream) -> None:
        """Nothing for one that is not there."""
        streams = self._streams.get(stream.reader, [])
        if stream in streams:
            streams.remove(stream)
            self._count -= 1
            if not streams:
                del self._streams[stream.reader]
            if not self._streams:
                self._is_empty.set()

    async def gone(self) -> None:
        """Returns when nobody is there any more."""
        await self._is_empty.wait()


class Heartbeat:
    """A wheel with a place for each second. `beat` is called with each stream that is due."""

    def __init__(self, beat: Callable[[OpenStream], None]) -> None:
        self._beat: Final = beat
        self._due: Final[defaultdict[int, list[OpenStream]]] = defaultdict(list)
        self._second = 0

    def add(self, stream: OpenStream) -> None:
        """Until it has ended."""
        after = random.randint(SHORTEST_BEAT, LONGEST_BEAT)  # noqa: S311 - to spread them, no secret
        self._due[self._second + after].append(stream)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(1)
            self.turn()

    def turn(self) -> None:
        """The next second's."""
        self._second += 1
        for stream in self._due.pop(self._second, ()):
            if not stream.is_ended:
                self._beat(stream)
                self.add(stream)
