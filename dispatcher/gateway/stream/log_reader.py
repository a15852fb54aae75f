"""The SQL functions that the streams are fed by: one method each, named alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection

from dispatcher.gateway.stream.cursor import Snapshot

#: Whose stream it is: tenant and recipient.
RecipientKey = tuple[str, str]


class LogRow(NamedTuple):
    """A row of the stream log; of a notification with `frame`, of a change without."""

    xid: int
    id: int
    tenant_id: str
    kind: str
    recipient_id: str | None
    frame: str | None
    recipient_ids: list[str] | None
    item_ids: list[int] | None


class MissedRow(NamedTuple):
    """A notification that was sent while somebody was away."""

    xid: int
    id: int
    frame: str


class StreamLogReader:
    """The functions, called on one connection that commits every statement."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection: Final = connection

    async def attend(self) -> bool:
        """False after a quarter of a second in which it could not be."""
        return bool(await self._value("select postbell_private.acquire_gateway_lock()"))

    async def doze(self) -> int | None:
        return await self._value("select postbell_private.acquire_gateway_sleep_lock()")  # type: ignore[no-any-return]

    async def rouse(self, place: int) -> None:
        await self._value("select postbell_private.release_gateway_sleep_lock(%s)", place)

    async def stream_position(self) -> tuple[int, Snapshot]:
        """The epoch in which transaction ids mean something, and what is visible now."""
        cursor = await self._connection.execute(
            "select epoch, snapshot::text from postbell_private.stream_position()"
        )
        row = await cursor.fetchone()
        assert row is not None  # noqa: S101 (a function with OUT arguments returns one row)
        return row[0], Snapshot.parse(row[1])

    async def stream_between(
        self, since: Snapshot, until: Snapshot, after: tuple[int, int], most: int
    ) -> list[LogRow]:
        cursor = await self._connection.execute(
            "select xid::text::bigint, id, tenant_id, kind, recipient_id, frame::text,"
            " recipient_ids, item_ids from postbell_private.stream_between("
            "%s::pg_snapshot, %s::pg_snapshot, %s::text::xid8, %s, %s)",
            [str(since), str(until), str(after[0]), after[1], most],
        )
        return [LogRow._make(row) for row in await cursor.fetchall()]

    async def stream_missed(
        self, reader: RecipientKey, since: Snapshot, until: Snapshot, most: int
    ) -> list[MissedRow]:
        tenant_id, recipient_id = reader
        cursor = await self._connection.execute(
            "select xid::text::bigint, id, frame::text from postbell_private.stream_missed("
            "%s, %s::pg_snapshot, %s::pg_snapshot, %s, %s)",
            [recipient_id, str(since), str(until), most, tenant_id],
        )
        return [MissedRow._make(row) for row in await cursor.fetchall()]

    async def is_stream_kept(self, since: Snapshot) -> bool:
        return bool(
            await self._value("select postbell_private.is_stream_kept(%s::pg_snapshot)", str(since))
        )

    async def unread_among(self, readers: Collection[RecipientKey]) -> dict[RecipientKey, int]:
        """Of those who are known."""
        cursor = await self._connection.execute(
            "select tenant_id, recipient_id, unread"
            " from postbell_private.unread_among(%s::text[], %s::text[])",
            [[tenant for tenant, _ in readers], [recipient for _, recipient in readers]],
        )
        rows: Sequence[tuple[str, str, int]] = await cursor.fetchall()
        return {(tenant, recipient): unread for tenant, recipient, unread in rows}

    async def _value(self, statement: str, *arguments: object) -> Any:
        cursor = await self._connection.execute(statement.encode(), arguments)
        row = await cursor.fetchone()
        return None if row is None else row[0]
