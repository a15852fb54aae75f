"""Reads the stream log: snapshots and recipients as the gateway has them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from psycopg import AsyncConnection

from dispatcher.db import stream
from dispatcher.db.stream import LogRow, MissedRow
from dispatcher.gateway.stream.cursor import Snapshot

#: Whose stream it is: tenant and recipient.
RecipientKey = tuple[str, str]


class StreamLogReader:
    """Reads on one connection that commits every statement."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection: Final = connection

    async def position(self) -> tuple[int, Snapshot]:
        """The epoch in which transaction ids mean something, and what is visible now."""
        found = await stream.stream_position(self._connection)
        return found.epoch, Snapshot.parse(found.snapshot)

    async def between(
        self, since: Snapshot, until: Snapshot, after: tuple[int, int], most: int
    ) -> list[LogRow]:
        """What became visible between two snapshots, after the row of an xid and id."""
        xid, row_id = after
        return await stream.stream_between(
            self._connection, str(since), str(until), str(xid), row_id, most
        )

    async def missed(
        self, reader: RecipientKey, since: Snapshot, until: Snapshot, most: int
    ) -> list[MissedRow]:
        """The recipient's notifications that became visible between two snapshots."""
        return await stream.stream_missed(self._connection, *reader, str(since), str(until), most)

    async def is_kept(self, since: Snapshot) -> bool:
        """Whether the log still has everything since the snapshot."""
        return await stream.is_stream_kept(self._connection, str(since))

    async def unread_among(self, readers: Collection[RecipientKey]) -> dict[RecipientKey, int]:
        """Of those who are known."""
        rows = await stream.unread_among(
            self._connection,
            [tenant for tenant, _ in readers],
            [recipient for _, recipient in readers],
        )
        return {(row.tenant_id, row.recipient_id): row.unread for row in rows}
