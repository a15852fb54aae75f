"""Events that told nobody anything, and the way out of each mistake."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from psycopg import sql
from psycopg.rows import DictRow
from pydantic import Field

from dispatcher.database import Pool
from dispatcher.fate import detail_of, reason_for
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.fields import Cursor, ItemId, Model, Name, cursor_after
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.support import rows_as_support
from dispatcher.masking import mask

MOST: Final = 100

_REJECTIONS: Final = sql.SQL(
    "select outbox_id, tenant_id, event, recipient, reason, detail, created_at"
    " from postbell.rejected_events"
    " where (%(before)s::bigint is null or outbox_id < %(before)s)"
    " and (%(tenant)s::text is null or tenant_id = %(tenant)s)"
    " and (%(event)s::text is null or event = %(event)s)"
    " and (%(reason)s::text is null or reason = %(reason)s)"
    " order by outbox_id desc limit %(most)s"
)


class RejectionsQuery(Model):
    """Which of them."""

    tenant: Name | None = None
    event: Name | None = None
    reason: Name | None = Field(default=None, description="A name of postbell.error_codes.")
    cursor: Cursor | None = Field(default=None, description="`next_cursor` of the page before.")
    limit: int = Field(default=30, ge=1, le=MOST)


class Rejection(Model):
    """An event that could not be routed."""

    outbox_id: ItemId
    tenant_id: str | None
    event: str | None
    recipient: str | None = Field(description="Masked, if it is an address.")
    reason: str
    detail: str | None = Field(description="Without what the event said.")
    why: str
    way_out: str
    created_at: datetime


class RejectionsPage(Model):
    """Newest first."""

    rejections: list[Rejection]
    next_cursor: str | None = Field(description="For the next page; null if this is the last.")


class RejectionDesk:
    """Everything is asked as support."""

    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        path = "/v1/operator/rejections"
        return [Operation.of("GET", path, "operator", self.list_rejections)]

    async def list_rejections(self, operator: Operator, query: RejectionsQuery) -> RejectionsPage:
        """Rejected events, newest first: why, and what to do."""
        rows = await rows_as_support(
            self._pool,
            operator,
            _REJECTIONS,
            tenant=query.tenant,
            event=query.event,
            reason=query.reason,
            before=query.cursor,
            most=query.limit + 1,
        )
        found = [_rejection(row) for row in rows[: query.limit]]
        has_more = len(rows) > query.limit
        return RejectionsPage(
            rejections=found, next_cursor=cursor_after(found[-1].outbox_id) if has_more else None
        )


def _rejection(row: DictRow) -> Rejection:
    told = reason_for(row["reason"], row["detail"])
    return Rejection(
        **{
            **row,
            "recipient": row["recipient"] and mask(row["recipient"]),
            "detail": row["detail"] and detail_of(row["detail"]),
            "why": told.sentence,
            "way_out": told.way_out,
        }
    )
