"""Says when there may be something in the stream log, and who has logged out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from psycopg import AsyncConnection

from dispatcher.gateway.stream.log_reader import StreamLog

#: Seconds between looks while writers need not ring: after something was found, and, longer and
#: longer, while a writer that did not ring is in flight.
SHORTEST_LOOK: Final = 0.02
LONGEST_LOOK: Final = 0.25

#: Seconds after the last find in which the next is waited for awake: then nobody pays for a NOTIFY.
AWAKE: Final = 0.5

#: Seconds after which a sleeper looks, in case a bell is lost outside our hands.
SAFETY_POLL: Final = 5.0

_STREAM: Final = "postbell_stream"
_SESSION: Final = "postbell_session"


class Doorbell:
    """One session per process: it listens, and shows writers that somebody is there.

    `look` is called when there may be something new, `log_out` with a session's id; `found_at` says
    when something was last found, by the loop's clock.
    """

    def __init__(
        self,
        look: Callable[[], None],
        log_out: Callable[[str], None],
        found_at: Callable[[], float],
    ) -> None:
        self._look: Final = look
        self._log_out: Final = log_out
        self._found_at: Final = found_at

    async def begin(self, connection: AsyncConnection[Any]) -> None:
        """From now on nothing is missed. What was before has to be looked for."""
        await connection.execute(f"listen {_STREAM}".encode())
        await connection.execute(f"listen {_SESSION}".encode())
        while not await StreamLog(connection).attend():
            self._look()

    async def run(self, connection: AsyncConnection[Any]) -> None:
        """Until cancelled, or the session is lost: then raises psycopg's OperationalError."""
        stream_log = StreamLog(connection)
        loop = asyncio.get_running_loop()
        pause = SHORTEST_LOOK
        while True:
            if loop.time() - self._found_at() < AWAKE:
                await self._listen(connection, SHORTEST_LOOK)
                self._look()
                pause = SHORTEST_LOOK
                continue
            place = await stream_log.doze()
            # Whoever did not ring before has committed, and is seen now.
            self._look()
            if place is None:
                await self._listen(connection, pause)
                pause = min(pause * 2, LONGEST_LOOK)
                continue
            while not await self._listen(connection, SAFETY_POLL):
                self._look()
            await stream_log.rouse(place)
            self._look()

    async def _listen(self, connection: AsyncConnection[Any], seconds: float) -> bool:
        """Whether somebody rang, or the look after falling asleep found something."""
        began = asyncio.get_running_loop().time()
        is_rung = False
        async for notice in connection.notifies(timeout=seconds, stop_after=1):
            if notice.channel == _SESSION:
                self._log_out(notice.payload)
            else:
                is_rung = True
        return is_rung or self._found_at() > began
