"""Reads the stream log once for all open pages of a process, and tells each what is for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import psycopg
import structlog

from dispatcher.db import connections
from dispatcher.db.connections import Pool
from dispatcher.gateway.stream.cursor import Position, Snapshot
from dispatcher.gateway.stream.log_reader import Reader, Row, StreamLog
from dispatcher.gateway.stream.subscriber import (
    COMMENT_FRAME,
    Audience,
    OpenStream,
    event_frame,
    position_frame,
)

log = structlog.get_logger()

#: Rows of the log read at a time.
PAGE: Final = 1000

#: Bytes to all pages before those get a turn to take them.
TOLD_AT_A_TIME: Final = 65_536

#: Seconds that everybody waits for a page with much to take. One that takes nothing is cut off the
#: fourth time at the latest.
_CATCHING_UP: Final = 0.02

#: People whose unread items are counted by one statement.
COUNTED_AT_A_TIME: Final = 200

#: Notifications that somebody who was away is told one by one. Of more, the page looks anew.
MOST_MISSED: Final = 500

#: Seconds before the database is asked again that did not answer. One that refused for a reason
#: that does not pass by itself is asked after a pause that doubles.
_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0

#: Pages that are told at the same time what they missed.
_RESUMED_AT_ONCE: Final = 4


class Teller:
    """Goes from snapshot to snapshot, and so skips no late committer and waits for none.

    `look()` lets it read on; it never reads of itself.
    """

    def __init__(self, pool: Pool, audience: Audience) -> None:
        self._pool: Final = pool
        self._audience: Final = audience
        self._wanted: Final = asyncio.Event()
        self._waiters: list[asyncio.Future[None]] = []
        #: Set while every open stream has been told all that `_snapshot` sees.
        self._is_between_windows: Final = asyncio.Event()
        self._is_between_windows.set()
        self._resuming: Final = asyncio.Semaphore(_RESUMED_AT_ONCE)
        self._epoch = 0
        self._snapshot: Snapshot | None = None
        self._spelled = ""
        #: The end of a window that is being read, and how far that has come.
        self._window: tuple[Snapshot, tuple[int, int]] | None = None
        self._is_cut = False
        self._behind: set[OpenStream] = set()
        #: Whose inbox changed, or whose page is new: what happened, until it is told.
        self._changes: dict[Reader, list[dict[str, Any]]] = {}
        #: When something was last found in the log, by the loop's clock.
        self.found_at = 0.0

    def look(self) -> None:
        """There may be something new."""
        self._wanted.set()

    def count_anew(self) -> None:
        """Tells everybody how many items are unread, for want of knowing what changed."""
        for stream in self._audience:
            self._changes.setdefault(stream.reader, [])
        self.look()

    @property
    def is_cut(self) -> bool:
        """Whether the log could not be read when that was last tried."""
        return self._is_cut

    @property
    def heartbeat(self) -> bytes:
        """For who has been told everything: the position, so that no page's grows old."""
        if self._snapshot is None or not self._is_between_windows.is_set():
            return COMMENT_FRAME
        return position_frame(self._spelled)

    async def run(self) -> None:
        """Until cancelled, through restarts of the database."""
        pause = _PAUSE
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            waiters, self._waiters = self._waiters, []
            try:
                async with self._pool.connection() as connection:
                    await self._read(StreamLog(connection))
            except psycopg.Error as error:
                connections.log_failure("streams", error)
                self._is_cut = True
                _fail(waiters, error)
                await asyncio.sleep(pause)
                is_passing = connections.is_unavailable(error)
                pause = _PAUSE if is_passing else min(pause * 2, _LONGEST_PAUSE)
                self._wanted.set()
            else:
                pause = _PAUSE
                _succeed(waiters)

    async def join(self, stream: OpenStream, last_id: str | None) -> bytes:
        """Takes a stream up, and returns what it has missed since `last_id`.

        From this call on it is told what is new. Raises psycopg's Error.
        """
        await self._read_as_far_as(last_id)
        while not self._is_between_windows.is_set():
            await self._is_between_windows.wait()
        # From here to the audience nothing is awaited: another epoch may begin at any await.
        snapshot = self._snapshot
        assert snapshot is not None  # noqa: S101 (_read_as_far_as has seen to it)
        since = None if last_id is None else Position.read(last_id, self._epoch)
        spelled = self._spelled
        self._audience.add(stream)
        self._changes.setdefault(stream.reader, [])
        self.look()
        reached = position_frame(spelled)
        if last_id is None:
            return reached
        if since is None or not since.is_within(snapshot):
            return _reset("unknown_position") + reached
        if since.snapshot == snapshot:
            return reached
        async with self._resuming, self._pool.connection() as connection:
            return await self._missed(StreamLog(connection), stream, since, snapshot) + reached

    async def _read_as_far_as(self, last_id: str | None) -> None:
        """Looks anew where a page may have read further than we have."""
        if self._snapshot is None:
            await self._look_anew()
        if last_id is None or self._snapshot is None:
            return
        since = Position.read(last_id, self._epoch)
        if since is None or not since.is_within(self._snapshot):
            # Another gateway was ahead of us, or in a later epoch.
            await self._look_anew()

    async def _look_anew(self) -> None:
        """Returns after a look that began after the call."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self.look()
        await waiter

    async def _missed(
        self, stream_log: StreamLog, stream: OpenStream, since: Position, until: Snapshot
    ) -> bytes:
        rows = await stream_log.stream_missed(stream.reader, since.snapshot, until, MOST_MISSED + 1)
        if len(rows) > MOST_MISSED:
            return _reset("too_much")
        # Asked after reading: what was there then, was all.
        if not await stream_log.is_stream_kept(since.snapshot):
            return _reset("too_old")
        return b"".join(
            event_frame(
                "notification",
                row.frame,
                _spelled(self._epoch, since.snapshot, until, row.xid, row.id),
            )
            for row in rows
            if not since.has(row.xid, row.id)
        )

    async def _read(self, stream_log: StreamLog) -> None:
        epoch, now = await stream_log.stream_position()
        if not await self._is_continued(stream_log, epoch, now):
            self._begin_anew(epoch, now)
        elif self._snapshot is not None and now != self._snapshot:
            await self._tell(stream_log, self._snapshot, now)
        self._is_cut = False
        await self._tell_changes(stream_log)

    async def _is_continued(self, stream_log: StreamLog, epoch: int, now: Snapshot) -> bool:
        """Whether what we read last belongs to this epoch, and all since is still there."""
        if self._snapshot is None or epoch != self._epoch or not now.covers(self._snapshot):
            return False
        return not self._is_cut or await stream_log.is_stream_kept(self._snapshot)

    def _begin_anew(self, epoch: int, now: Snapshot) -> None:
        was_reading = self._snapshot is not None
        self._epoch = epoch
        self._advance(now)
        if was_reading:
            log.warning("stream positions are void after a crash or a failover: pages look anew")
            for stream in self._audience:
                stream.write(_reset("unknown_position") + position_frame(self._spelled))
            self.count_anew()

    def _advance(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._spelled = Position(snapshot).spelled(self._epoch)
        self._window = None
        self._is_between_windows.set()

    async def _tell(self, stream_log: StreamLog, since: Snapshot, now: Snapshot) -> None:
        # One that broke off is gone on with: its first pages have been told.
        until, after = self._window or (now, (0, 0))
        while rows := await stream_log.stream_between(since, until, after, PAGE):
            self.found_at = asyncio.get_running_loop().time()
            self._is_between_windows.clear()
            said = 0
            for row in rows:
                said += self._tell_row(row, since, until)
                if said > TOLD_AT_A_TIME:
                    await self._give_a_turn()
                    said = 0
            if len(rows) < PAGE:
                break
            after = rows[-1].xid, rows[-1].id
            self._window = until, after
        self._advance(until)
        if until is not now:
            self.look()

    async def _give_a_turn(self) -> None:
        """A page that reads must not look like one that does not."""
        await asyncio.sleep(0)
        behind, self._behind = self._behind, set()
        await asyncio.gather(*(stream.caught_up(_CATCHING_UP) for stream in behind))

    def _tell_row(self, row: Row, since: Snapshot, until: Snapshot) -> int:
        """How many bytes that were, to one page."""
        if row.recipient_id is not None and row.frame is not None:
            streams = self._audience.of((row.tenant_id, row.recipient_id))
            if not streams:
                return 0
            at = _spelled(self._epoch, since, until, row.xid, row.id)
            chunk = event_frame("notification", row.frame, at)
            for stream in streams:
                stream.write(chunk)
                if stream.is_behind:
                    self._behind.add(stream)
            return len(chunk)
        for number, recipient_id in enumerate(row.recipient_ids or ()):
            reader = row.tenant_id, recipient_id
            if reader in self._audience:
                _note(self._changes.setdefault(reader, []), row.kind, _items(row, number))
        return 0

    async def _tell_changes(self, stream_log: StreamLog) -> None:
        """How many items are unread is looked up after the change, and so is never older."""
        while self._changes:
            readers = list(islice(self._changes, COUNTED_AT_A_TIME))
            counts = await stream_log.unread_among(readers)
            for reader in readers:
                changes = self._changes.pop(reader)
                if reader not in counts:
                    continue
                chunk = event_frame(
                    "state", json.dumps({"unread": counts[reader], "changes": changes})
                )
                for stream in self._audience.of(reader):
                    stream.write(chunk)


def _items(row: Row, number: int) -> list[int] | None:
    """Those of the row's person of this number; None for too many to name."""
    if row.item_ids is None or len(row.recipient_ids or ()) == 1:
        return row.item_ids
    return row.item_ids[number : number + 1]


def _note(changes: list[dict[str, Any]], kind: str, items: list[int] | None) -> None:
    """Adds to the last change where it is of the same kind."""
    last = changes[-1] if changes else {}
    if last.get("change") == kind and last["items"] is not None and items is not None:
        last["items"] += items
    else:
        changes.append({"change": kind, "items": items})


def _reset(reason: str) -> bytes:
    """What was missed cannot be told one by one: the page looks anew."""
    return event_frame("reset", json.dumps({"reason": reason}))


def _spelled(epoch: int, since: Snapshot, until: Snapshot, xid: int, row_id: int) -> str:
    """The position of a page that has read to this row, between the two snapshots."""
    return f"{_before(epoch, since, until, xid)}-{xid:x}-{row_id:x}"


@lru_cache(maxsize=64)
def _before(epoch: int, since: Snapshot, until: Snapshot, xid: int) -> str:
    """Most rows come many to a transaction."""
    return Position(until.up_to(xid, since)).spelled(epoch)


def _succeed(waiters: Sequence[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)


def _fail(waiters: Sequence[asyncio.Future[None]], error: Exception) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_exception(error)
