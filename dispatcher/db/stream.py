"""The stream log, and the locks by which writers know that a gateway is running.

Snapshots are the text form of pg_snapshot; transaction ids are integers.
"""

from __future__ import annotations

from typing import NamedTuple

from dispatcher.db.statement import statement


class LogRow(NamedTuple):
    """A row of the stream log: a notification, which has a `frame`, or a change of an inbox."""

    xid: int
    id: int
    tenant_id: str
    kind: str
    recipient_id: str | None
    frame: str | None
    recipient_ids: list[str] | None
    item_ids: list[int] | None


class MissedRow(NamedTuple):
    """A notification that was written while the client was disconnected."""

    xid: int
    id: int
    frame: str


class Position(NamedTuple):
    """The epoch of the transaction ids, and the snapshot of what is visible now."""

    epoch: int
    snapshot: str


class Unread(NamedTuple):
    """The number of unread items of a recipient, counted to 100."""

    tenant_id: str
    recipient_id: str
    unread: int


@statement("listen postbell_stream")
def listen_for_rows() -> None:
    """Listen for new rows of the log."""


@statement("listen postbell_session")
def listen_for_ended_sessions() -> None:
    """Listen for the ids of sessions that end."""


@statement("select postbell_private.acquire_gateway_lock()")
def acquire_gateway_lock() -> bool:
    """Tell writers that a gateway is running, so that they write to the log.

    Returns False if a transaction that began without a gateway was still open after 0.25 s.
    """


@statement("select postbell_private.acquire_gateway_sleep_lock()")
def acquire_gateway_sleep_lock() -> int | None:
    """Ask writers to send a NOTIFY from now on. Returns the number of the lock.

    Returns None while a transaction that sends no NOTIFY is open, or if no lock is free.
    """


@statement("select postbell_private.release_gateway_sleep_lock(%(place)s)")
def release_gateway_sleep_lock(place: int) -> None:
    """Tell writers that they need not send a NOTIFY any more."""


@statement("select epoch, snapshot::text as snapshot from postbell_private.stream_position()")
def stream_position() -> Position:
    """The end of the log now."""


@statement(
    "select xid::text::bigint as xid, id, tenant_id, kind, recipient_id, frame::text as frame,"
    " recipient_ids, item_ids from postbell_private.stream_between("
    "%(since)s::pg_snapshot, %(until)s::pg_snapshot, %(after_xid)s::text::xid8, %(after_id)s,"
    " %(most)s)"
)
def stream_between(
    since: str, until: str, after_xid: str, after_id: int, most: int
) -> list[LogRow]:
    """Up to `most` rows that became visible between two snapshots, by transaction id and id.

    Only rows after `after_xid` and `after_id` are returned.
    """


@statement(
    "select xid::text::bigint as xid, id, frame::text as frame from postbell_private.stream_missed("
    "%(recipient)s, %(since)s::pg_snapshot, %(until)s::pg_snapshot, %(most)s, %(tenant)s)"
)
def stream_missed(
    tenant: str, recipient: str, since: str, until: str, most: int
) -> list[MissedRow]:
    """Up to `most` notifications of a recipient that became visible between two snapshots."""


@statement("select postbell_private.is_stream_kept(%(since)s::pg_snapshot)")
def is_stream_kept(since: str) -> bool:
    """Whether the log still has everything since the snapshot."""


@statement(
    "select tenant_id, recipient_id, unread"
    " from postbell_private.unread_among(%(tenants)s::text[], %(recipients)s::text[])"
)
def unread_among(tenants: list[str], recipients: list[str]) -> list[Unread]:
    """The numbers of unread items of these recipients, without those that do not exist."""
