"""Reads the stream log once for all subscribers of a process, and writes each what is for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import psycopg
import structlog
from psycopg import AsyncConnection

from dispatcher.db import connections, stream
from dispatcher.db.connections import Pool
from dispatcher.db.stream import LogRow, MissedRow
from dispatcher.gateway.stream.cursor import Cursor, Snapshot
from dispatcher.gateway.stream.subscriber import (
    COMMENT_FRAME,
    RecipientKey,
    Subscriber,
    SubscriberRegistry,
    cursor_frame,
    event_frame,
)

log = structlog.get_logger()

#: Rows of the log that are read at a time.
CHUNK: Final = 1000

#: Bytes that are written before subscribers get a turn to send them.
BYTES_PER_TURN: Final = 65_536

#: Seconds for which all wait for lagging subscribers. One that takes nothing reaches its BUFFER,
#: and is cut off, after four turns at the latest.
_DRAIN_TIMEOUT: Final = 0.02

#: Recipients whose unread items are counted by one statement.
COUNT_CHUNK: Final = 200

#: Missed notifications that are sent one by one. A client that missed more gets a reset.
MOST_MISSED: Final = 500

#: Seconds before a failed read is tried again. The pause doubles, up to the longest, after an error
#: that repeating does not mend.
_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0

#: Subscribers whose missed notifications are read at the same time.
_RESUMING_AT_ONCE: Final = 4


class StreamLogReader:
    """The stream log in snapshots, read on one connection that commits every statement."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection: Final = connection

    async def position(self) -> tuple[int, Snapshot]:
        """The epoch of the transaction ids, and the snapshot of what is visible now."""
        found = await stream.stream_position(self._connection)
        return found.epoch, Snapshot.parse(found.snapshot)

    async def between(
        self, since: Snapshot, until: Snapshot, after: tuple[int, int], most: int
    ) -> list[LogRow]:
        """The rows that became visible between two snapshots, after that of an xid and id."""
        xid, row_id = after
        return await stream.stream_between(
            self._connection, str(since), str(until), str(xid), row_id, most
        )

    async def missed(
        self, recipient: RecipientKey, since: Snapshot, until: Snapshot, most: int
    ) -> list[MissedRow]:
        """The recipient's notifications that became visible between two snapshots."""
        return await stream.stream_missed(
            self._connection, *recipient, str(since), str(until), most
        )

    async def is_kept(self, since: Snapshot) -> bool:
        """Whether the log still has everything since the snapshot."""
        return await stream.is_stream_kept(self._connection, str(since))

    async def unread_among(self, recipients: Collection[RecipientKey]) -> dict[RecipientKey, int]:
        """The number of unread items of each recipient that exists."""
        rows = await stream.unread_among(
            self._connection,
            [tenant for tenant, _ in recipients],
            [recipient for _, recipient in recipients],
        )
        return {(row.tenant_id, row.recipient_id): row.unread for row in rows}


class StreamTail:
    """Reads from snapshot to snapshot, and so neither skips late committers nor waits for them.

    It reads only after `wake()`.
    """

    def __init__(self, pool: Pool, subscribers: SubscriberRegistry) -> None:
        self._pool: Final = pool
        self._subscribers: Final = subscribers
        self._wanted: Final = asyncio.Event()
        self._waiters: list[asyncio.Future[None]] = []
        #: Set while all subscribers have been written everything that `_snapshot` sees.
        self._is_between_windows: Final = asyncio.Event()
        self._is_between_windows.set()
        self._resuming: Final = asyncio.Semaphore(_RESUMING_AT_ONCE)
        self._epoch = 0
        self._snapshot: Snapshot | None = None
        self._cursor = ""
        #: The end of the window that is being read, and the last row of it that was written.
        self._window: tuple[Snapshot, tuple[int, int]] | None = None
        self._is_disconnected = False
        self._lagging: set[Subscriber] = set()
        #: Changes to write, by recipient; none for who is only to get the count.
        self._changes: dict[RecipientKey, list[dict[str, Any]]] = {}
        #: When something was last found in the log, in seconds of the loop's clock.
        self.found_at = 0.0

    def wake(self) -> None:
        """Lets run() read the log: there may be something new."""
        self._wanted.set()

    def recount(self) -> None:
        """Sends every subscriber its number of unread items: changes may have been missed."""
        for subscriber in self._subscribers:
            self._changes.setdefault(subscriber.key, [])
        self.wake()

    @property
    def is_disconnected(self) -> bool:
        """Whether the last attempt to read the log failed."""
        return self._is_disconnected

    @property
    def heartbeat(self) -> bytes:
        """The heartbeat frame. Carries the current cursor, for idle clients to resume from."""
        if self._snapshot is None or not self._is_between_windows.is_set():
            return COMMENT_FRAME
        return cursor_frame(self._cursor)

    async def run(self) -> None:
        """Runs until cancelled, through restarts of the database."""
        pause = _PAUSE
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            waiters, self._waiters = self._waiters, []
            try:
                async with self._pool.connection() as connection:
                    await self._read(StreamLogReader(connection))
            except psycopg.Error as error:
                connections.log_failure("streams", error)
                self._is_disconnected = True
                _fail(waiters, error)
                await asyncio.sleep(pause)
                is_passing = connections.is_unavailable(error)
                pause = _PAUSE if is_passing else min(pause * 2, _LONGEST_PAUSE)
                self._wanted.set()
            else:
                pause = _PAUSE
                _succeed(waiters)

    async def join(self, subscriber: Subscriber, last_id: str | None) -> bytes:
        """Registers a subscriber, and returns the frames that it missed since `last_id`.

        From this call on, it is written what is new. Raises psycopg's Error.
        """
        await self._read_as_far_as(last_id)
        while not self._is_between_windows.is_set():
            await self._is_between_windows.wait()
        # Nothing is awaited from here to add(): another epoch may begin at any await.
        snapshot = self._snapshot
        assert snapshot is not None  # noqa: S101 (_read_as_far_as has seen to it)
        since = None if last_id is None else Cursor.decode(last_id, self._epoch)
        reached = cursor_frame(self._cursor)
        self._subscribers.add(subscriber)
        self._changes.setdefault(subscriber.key, [])
        self.wake()
        if last_id is None:
            return reached
        if since is None or not since.is_within(snapshot):
            return _reset("unknown_position") + reached
        if since.snapshot == snapshot:
            return reached
        async with self._resuming, self._pool.connection() as connection:
            return (
                await self._missed(StreamLogReader(connection), subscriber, since, snapshot)
                + reached
            )

    async def _read_as_far_as(self, last_id: str | None) -> None:
        """Reads the log where a client may have read further than this process has."""
        if self._snapshot is None:
            await self._read_anew()
        if last_id is None or self._snapshot is None:
            return
        since = Cursor.decode(last_id, self._epoch)
        if since is None or not since.is_within(self._snapshot):
            # Another gateway was ahead, or in a later epoch.
            await self._read_anew()

    async def _read_anew(self) -> None:
        """Returns after a read that began after the call."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self.wake()
        await waiter

    async def _missed(
        self, stream_log: StreamLogReader, subscriber: Subscriber, since: Cursor, until: Snapshot
    ) -> bytes:
        rows = await stream_log.missed(subscriber.key, since.snapshot, until, MOST_MISSED + 1)
        if len(rows) > MOST_MISSED:
            return _reset("too_much")
        # Asked after reading: if it is kept now, nothing had been deleted then.
        if not await stream_log.is_kept(since.snapshot):
            return _reset("too_old")
        return b"".join(
            event_frame(
                "notification",
                row.frame,
                _encoded(self._epoch, since.snapshot, until, row.xid, row.id),
            )
            for row in rows
            if not since.has(row.xid, row.id)
        )

    async def _read(self, stream_log: StreamLogReader) -> None:
        epoch, now = await stream_log.position()
        if not await self._is_continued(stream_log, epoch, now):
            self._start_over(epoch, now)
        elif self._snapshot is not None and now != self._snapshot:
            await self._write_window(stream_log, self._snapshot, now)
        self._is_disconnected = False
        await self._write_changes(stream_log)

    async def _is_continued(self, stream_log: StreamLogReader, epoch: int, now: Snapshot) -> bool:
        """Whether the last read was in this epoch, and everything since is still in the log."""
        if self._snapshot is None or epoch != self._epoch or not now.covers(self._snapshot):
            return False
        return not self._is_disconnected or await stream_log.is_kept(self._snapshot)

    def _start_over(self, epoch: int, now: Snapshot) -> None:
        was_reading = self._snapshot is not None
        self._epoch = epoch
        self._advance(now)
        if was_reading:
            log.warning("stream cursors are invalid after a crash or a failover: clients are reset")
            for subscriber in self._subscribers:
                subscriber.write(_reset("unknown_position") + cursor_frame(self._cursor))
            self.recount()

    def _advance(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._cursor = Cursor(snapshot).encode(self._epoch)
        self._window = None
        self._is_between_windows.set()

    async def _write_window(
        self, stream_log: StreamLogReader, since: Snapshot, now: Snapshot
    ) -> None:
        # A window that was interrupted is continued: its first rows have been written.
        until, after = self._window or (now, (0, 0))
        while rows := await stream_log.between(since, until, after, CHUNK):
            self.found_at = asyncio.get_running_loop().time()
            self._is_between_windows.clear()
            written = 0
            for row in rows:
                written += self._write_row(row, since, until)
                if written > BYTES_PER_TURN:
                    await self._let_subscribers_send()
                    written = 0
            if len(rows) < CHUNK:
                break
            after = rows[-1].xid, rows[-1].id
            self._window = until, after
        self._advance(until)
        if until is not now:
            self.wake()

    async def _let_subscribers_send(self) -> None:
        """A client that reads must not be taken for one that does not."""
        await asyncio.sleep(0)
        lagging, self._lagging = self._lagging, set()
        await asyncio.gather(*(subscriber.drain(_DRAIN_TIMEOUT) for subscriber in lagging))

    def _write_row(self, row: LogRow, since: Snapshot, until: Snapshot) -> int:
        """Writes a notification, or notes a change. Returns the bytes written to each."""
        if row.recipient_id is not None and row.frame is not None:
            subscribers = self._subscribers.of((row.tenant_id, row.recipient_id))
            if not subscribers:
                return 0
            cursor = _encoded(self._epoch, since, until, row.xid, row.id)
            frame = event_frame("notification", row.frame, cursor)
            for subscriber in subscribers:
                subscriber.write(frame)
                if subscriber.is_lagging:
                    self._lagging.add(subscriber)
            return len(frame)
        for number, recipient_id in enumerate(row.recipient_ids or ()):
            key = row.tenant_id, recipient_id
            if key in self._subscribers:
                _add_change(self._changes.setdefault(key, []), row.kind, _items(row, number))
        return 0

    async def _write_changes(self, stream_log: StreamLogReader) -> None:
        """Writes changes with the number of unread items, which is read after them."""
        while self._changes:
            keys = list(islice(self._changes, COUNT_CHUNK))
            counts = await stream_log.unread_among(keys)
            for key in keys:
                changes = self._changes.pop(key)
                if key not in counts:
                    continue
                state = json.dumps({"unread": counts[key], "changes": changes})
                frame = event_frame("state", state)
                for subscriber in self._subscribers.of(key):
                    subscriber.write(frame)


def _items(row: LogRow, number: int) -> list[int] | None:
    """The items of the recipient with this number in the row; None for too many to name."""
    if row.item_ids is None or len(row.recipient_ids or ()) == 1:
        return row.item_ids
    return row.item_ids[number : number + 1]


def _add_change(changes: list[dict[str, Any]], kind: str, items: list[int] | None) -> None:
    """Appends a change, or its items to the last one of the same kind."""
    last = changes[-1] if changes else {}
    if last.get("change") == kind and last["items"] is not None and items is not None:
        last["items"] += items
    else:
        changes.append({"change": kind, "items": items})


def _reset(reason: str) -> bytes:
    """Tells the client to read the inbox anew: what was missed is not sent one by one."""
    return event_frame("reset", json.dumps({"reason": reason}))


def _encoded(epoch: int, since: Snapshot, until: Snapshot, xid: int, row_id: int) -> str:
    """The cursor of a client that has read up to this row, between the two snapshots."""
    return f"{_encoded_before(epoch, since, until, xid)}-{xid:x}-{row_id:x}"


@lru_cache(maxsize=64)
def _encoded_before(epoch: int, since: Snapshot, until: Snapshot, xid: int) -> str:
    """The part that all rows of a transaction share."""
    return Cursor(until.up_to(xid, since)).encode(epoch)


def _succeed(waiters: Sequence[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)


def _fail(waiters: Sequence[asyncio.Future[None]], error: Exception) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_exception(error)
