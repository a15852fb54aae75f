"""The stream log, and the locks by which a gateway shows writers that it is there.

Snapshots are text, as pg_snapshot is written; transaction ids are integers.
"""

from __future__ import annotations

from typing import NamedTuple

from dispatcher.db.statement import statement


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


class Position(NamedTuple):
    """The epoch in which transaction ids mean something, and what is visible now."""

    epoch: int
    snapshot: str


class Unread(NamedTuple):
    """How many items a recipient has not read, counted to 100."""

    tenant_id: str
    recipient_id: str
    unread: int


@statement("listen postbell_stream")
def listen_for_rows() -> None:
    """Receive notifications of new rows."""


@statement("listen postbell_session")
def listen_for_ended_sessions() -> None:
    """Receive the ids of sessions that end."""


@statement("select postbell_private.acquire_gateway_lock()")
def acquire_gateway_lock() -> bool:
    """Show that a gateway is there; False after a quarter of a second in which it could not be."""


@statement("select postbell_private.acquire_gateway_sleep_lock()")
def acquire_gateway_sleep_lock() -> int | None:
    """Writers notify from now on; the number of the lock. None while one that did not is open."""


@statement("select postbell_private.release_gateway_sleep_lock(%(place)s)")
def release_gateway_sleep_lock(place: int) -> None:
    """Writers need not notify any more."""


@statement("select epoch, snapshot::text as snapshot from postbell_private.stream_position()")
def stream_position() -> Position:
    """Where the log ends now."""


@statement(
    "select xid::text::bigint as xid, id, tenant_id, kind, recipient_id, frame::text as frame,"
    " recipient_ids, item_ids from postbell_private.stream_between("
    "%(since)s::pg_snapshot, %(until)s::pg_snapshot, %(after_xid)s::text::xid8, %(after_id)s,"
    " %(most)s)"
)
def stream_between(
    since: str, until: str, after_xid: str, after_id: int, most: int
) -> list[LogRow]:
    """The rows that became visible between two snapshots, in order, after one of them."""


@statement(
    "select xid::text::bigint as xid, id, frame::text as frame from postbell_private.stream_missed("
    "%(recipient)s, %(since)s::pg_snapshot, %(until)s::pg_snapshot, %(most)s, %(tenant)s)"
)
def stream_missed(
    tenant: str, recipient: str, since: str, until: str, most: int
) -> list[MissedRow]:
    """The notifications of a recipient that became visible between two snapshots."""


@statement("select postbell_private.is_stream_kept(%(since)s::pg_snapshot)")
def is_stream_kept(since: str) -> bool:
    """Whether the log still has everything since the snapshot."""


@statement(
    "select tenant_id, recipient_id, unread"
    " from postbell_private.unread_among(%(tenants)s::text[], %(recipients)s::text[])"
)
def unread_among(tenants: list[str], recipients: list[str]) -> list[Unread]:
    """Of those who are known."""
