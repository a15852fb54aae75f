"""One open page: what is still to be written to it, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.types import Receive, Send

from dispatcher.gateway.auth import Identity
from dispatcher.gateway.stream_log import Reader

#: Bytes that may wait for a page that reads slowly. Beyond, it is disconnected, and comes back.
BUFFER: Final = 262_144

#: Bytes that wait for a page that is worth waiting for: well below what it may leave untaken.
_MUCH: Final = BUFFER // 4


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
