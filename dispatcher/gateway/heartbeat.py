"""Signs of life to every open page, at times of its own, from one task for all of them."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from typing import Final

from dispatcher.gateway.open_stream import OpenStream

#: Seconds between two signs of life of a stream: below the half minute after which some proxies and
#: mobile networks forget a silent connection, and not the same for all.
SHORTEST: Final = 15
LONGEST: Final = 25


class Heartbeat:
    """A wheel with a place for each second. `beat` is called with each stream that is due."""

    def __init__(self, beat: Callable[[OpenStream], None]) -> None:
        self._beat: Final = beat
        self._due: Final[defaultdict[int, list[OpenStream]]] = defaultdict(list)
        self._second = 0

    def add(self, stream: OpenStream) -> None:
        """Until it has ended."""
        after = random.randint(SHORTEST, LONGEST)  # noqa: S311 - to spread them, no secret
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
