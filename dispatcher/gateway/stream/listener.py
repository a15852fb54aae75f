"""Listens on PostgreSQL's channels: new rows in the stream log, and sessions that ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from psycopg import AsyncConnection

from dispatcher.db import stream

#: Seconds between polls while writers need not notify: after something was found, and, with a pause
#: that doubles, while a writer that did not notify is still in flight.
SHORTEST_POLL: Final = 0.02
LONGEST_POLL: Final = 0.25

#: Seconds after something was found in which the listener polls, so that writers need no NOTIFY.
AWAKE: Final = 0.5

#: Seconds after which a sleeping listener polls all the same, in case a notification is lost.
SAFETY_POLL: Final = 5.0

#: The channel on which sessions that ended are notified.
_SESSION: Final = "postbell_session"


class Listener:
    """Listens on one connection per process, and shows writers that a gateway is there.

    `wake` is called when there may be something new, `log_out` with the id of a session that ended;
    `found_at` returns when something was last found, in seconds of the loop's clock.
    """

    def __init__(
        self,
        wake: Callable[[], None],
        log_out: Callable[[str], None],
        found_at: Callable[[], float],
    ) -> None:
        self._wake: Final = wake
        self._log_out: Final = log_out
        self._found_at: Final = found_at

    async def begin(self, connection: AsyncConnection[Any]) -> None:
        """From now on nothing is missed; what was written before has to be read."""
        await stream.listen_for_rows(connection)
        await stream.listen_for_ended_sessions(connection)
        while not await stream.acquire_gateway_lock(connection):
            self._wake()

    async def run(self, connection: AsyncConnection[Any]) -> None:
        """Runs until cancelled. Raises psycopg's OperationalError if the connection is lost."""
        loop = asyncio.get_running_loop()
        pause = SHORTEST_POLL
        while True:
            if loop.time() - self._found_at() < AWAKE:
                await self._listen(connection, SHORTEST_POLL)
                self._wake()
                pause = SHORTEST_POLL
                continue
            place = await stream.acquire_gateway_sleep_lock(connection)
            # Writers that did not notify have committed, and their rows are visible now.
            self._wake()
            if place is None:
                await self._listen(connection, pause)
                pause = min(pause * 2, LONGEST_POLL)
                continue
            while not await self._listen(connection, SAFETY_POLL):
                self._wake()
            await stream.release_gateway_sleep_lock(connection, place)
            self._wake()

    async def _listen(self, connection: AsyncConnection[Any], seconds: float) -> bool:
        """Whether a notification came, or the read after falling asleep found something."""
        began = asyncio.get_running_loop().time()
        is_notified = False
        async for notification in connection.notifies(timeout=seconds, stop_after=1):
            if notification.channel == _SESSION:
                self._log_out(notification.payload)
            else:
                is_notified = True
        return is_notified or self._found_at() > began
