"""The open streams of a process, by whom they are for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from dispatcher.gateway.open_stream import OpenStream
from dispatcher.gateway.stream_log import Reader


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
