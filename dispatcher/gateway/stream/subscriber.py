"""The subscribers of a process: what is still to be written to each, and how its stream ends.

A subscriber is an open stream. Frames are server-sent events (HTML standard, 9.2.5).
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from starlette.types import Receive, Send

from dispatcher.gateway.auth import Identity

#: Tenant and recipient.
RecipientKey = tuple[str, str]

#: A comment: keeps the connection alive, and is invisible to scripts.
COMMENT_FRAME: Final = b":\n\n"

#: Bytes that may wait for a slow client. Beyond, it is disconnected, and reconnects.
BUFFER: Final = 262_144

#: Bytes from which a subscriber counts as lagging: well below BUFFER.
_LAGGING: Final = BUFFER // 4

#: Seconds between two heartbeats of a stream, chosen at random: below the half minute after which
#: some proxies and mobile networks drop a silent connection.
SHORTEST_HEARTBEAT: Final = 15
LONGEST_HEARTBEAT: Final = 25


def event_frame(name: str, data: str, cursor: str | None = None) -> bytes:
    """An event. `data` is one line; `cursor`, if given, becomes the client's last event id."""
    identifier = "" if cursor is None else f"id: {cursor}\n"
    return f"event: {name}\n{identifier}data: {data}\n\n".encode()


def cursor_frame(cursor: str) -> bytes:
    """Sets the client's last event id. Without data, no event is dispatched."""
    return f"id: {cursor}\n\n".encode()


def retry_frame(milliseconds: int) -> bytes:
    """How many milliseconds a client waits before it reconnects."""
    return f"retry: {milliseconds}\n\n".encode()


class Subscriber:
    """One open stream. Writing to it never blocks: a slow client delays nobody else.

    An idle subscriber has no task but the one that serves its request.
    """

    __slots__ = (
        "_abort", "_is_held", "_receiving", "_send", "_unsent", "_was_unsent", "_write_now",
        "_writer", "identity", "is_ended",
    )  # fmt: skip

    def __init__(
        self,
        identity: Identity,
        send: Send,
        abort: Callable[[], None] | None = None,
        write_now: Callable[[bytes], bool] | None = None,
    ) -> None:
        """`abort` drops the connection with what is unsent; without it, the request is cancelled.

        `write_now` writes a chunk without blocking and returns whether it did; without it, each
        chunk costs a task.
        """
        self.identity: Final = identity
        #: Whether nothing more is written to it.
        self.is_ended = False
        self._send: Final = send
        self._abort: Final = abort
        self._write_now: Final = write_now
        self._unsent = b""
        self._was_unsent = False
        self._writer: asyncio.Task[None] | None = None
        self._receiving: asyncio.Task[object] | None = None
        # New events wait until release() has written what was missed.
        self._is_held = True

    @property
    def key(self) -> RecipientKey:
        return self.identity.tenant_id, self.identity.recipient_id

    @property
    def is_busy(self) -> bool:
        """Whether something that was written before is still unsent."""
        return self._is_held or self._writer is not None

    def is_stuck(self) -> bool:
        """Whether the client has taken nothing since the last call."""
        was_unsent, self._was_unsent = self._was_unsent, self._writer is not None
        return was_unsent and self._was_unsent

    @property
    def is_lagging(self) -> bool:
        """Whether so much is unsent that a writer should pause for it."""
        return len(self._unsent) > _LAGGING

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - asyncio.wait()'s
        """Returns when everything is sent, or after `timeout` seconds."""
        if self._writer is not None:
            await asyncio.wait((self._writer,), timeout=timeout)

    async def run(self, receive: Receive) -> None:
        """Returns when the client has disconnected, or the stream has ended."""
        self._receiving = asyncio.current_task()
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            task = asyncio.current_task()
            # Swallowed if cut_off() cancelled it, else raised.
            if not self.is_ended or task is None or task.uncancel():
                raise
        finally:
            self.is_ended = True
            self._unsent = b""
            if self._writer is not None:
                self._writer.cancel()

    def write(self, chunk: bytes) -> None:
        """Queues a chunk, and sends it as soon as the client takes it; cuts off beyond BUFFER."""
        if self.is_ended:
            return
        self._unsent += chunk
        if len(self._unsent) > BUFFER:
            self.cut_off()
        elif not self.is_busy:
            self._flush()

    def release(self, first: bytes) -> None:
        """Writes `first`, of any size, and then what was queued meanwhile."""
        if self.is_ended:
            return
        self._is_held = False
        self._unsent = first + self._unsent
        self._flush()

    def end(self, last: bytes = b"") -> None:
        """Ends the response after what is queued and `last`."""
        if self.is_ended:
            return
        self._is_held = False
        self._unsent += last or b"\n"
        self.is_ended = True
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    def cut_off(self) -> None:
        """Drops the connection with what is unsent."""
        self.is_ended = True
        self._unsent = b""
        if self._abort is not None:
            self._abort()
        elif self._receiving is not None:
            self._receiving.cancel()

    def _flush(self) -> None:
        """Sends what is queued: at once if the connection takes it, else by a task."""
        if self._write_now is not None and self._write_now(self._unsent):
            self._unsent = b""
        else:
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._unsent:
                chunk, self._unsent = self._unsent, b""
                await self._send(
                    {"type": "http.response.body", "body": chunk, "more_body": not self.is_ended}
                )
                self._was_unsent = False
        except OSError:
            # The client has disconnected; run() receives that.
            self.is_ended = True
        finally:
            self._writer = None


class SubscriberRegistry:
    """The subscribers of a process, by recipient."""

    def __init__(self) -> None:
        self._subscribers: Final[dict[RecipientKey, list[Subscriber]]] = {}
        self._count = 0
        self._is_empty: Final = asyncio.Event()
        self._is_empty.set()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Subscriber]:
        """A copy: adding and removing during the iteration is allowed."""
        return iter([each for subscribers in self._subscribers.values() for each in subscribers])

    def __contains__(self, key: RecipientKey) -> bool:
        return key in self._subscribers

    def of(self, key: RecipientKey) -> tuple[Subscriber, ...]:
        return tuple(self._subscribers.get(key, ()))

    def add(self, subscriber: Subscriber) -> None:
        self._subscribers.setdefault(subscriber.key, []).append(subscriber)
        self._count += 1
        self._is_empty.clear()

    def remove(self, subscriber: Subscriber) -> None:
        """Does nothing if it is not registered."""
        subscribers = self._subscribers.get(subscriber.key, [])
        if subscriber in subscribers:
            subscribers.remove(subscriber)
            self._count -= 1
            if not subscribers:
                del self._subscribers[subscriber.key]
            if not self._subscribers:
                self._is_empty.set()

    async def wait_empty(self) -> None:
        """Returns when the last subscriber is removed."""
        await self._is_empty.wait()


class Heartbeat:
    """A timer wheel with a slot for each second; one task for all subscribers.

    `beat` is called with each subscriber that is due.
    """

    def __init__(self, beat: Callable[[Subscriber], None]) -> None:
        self._beat: Final = beat
        self._due: Final[defaultdict[int, list[Subscriber]]] = defaultdict(list)
        self._second = 0

    def add(self, subscriber: Subscriber) -> None:
        """Schedules heartbeats until the subscriber has ended."""
        after = random.randint(SHORTEST_HEARTBEAT, LONGEST_HEARTBEAT)  # noqa: S311 - jitter, no secret
        self._due[self._second + after].append(subscriber)

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await asyncio.sleep(1)
            self.tick()

    def tick(self) -> None:
        """Advances by a second, and beats for who is due."""
        self._second += 1
        for subscriber in self._due.pop(self._second, ()):
            if not subscriber.is_ended:
                self._beat(subscriber)
                self.add(subscriber)
