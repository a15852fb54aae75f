"""Deliveries given up on, and sending them again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog
from psycopg import sql
from psycopg.rows import DictRow
from pydantic import Field

from dispatcher.database import Pool
from dispatcher.fate import reason_for
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.fields import (
    Alternatives,
    Channel,
    Cursor,
    ItemId,
    Model,
    Name,
    Yes,
    cursor_after,
)
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import not_found
from dispatcher.gateway.support import rows_as_support
from dispatcher.masking import mask

log = structlog.get_logger()

MOST: Final = 100

_DEAD: Final = sql.SQL(
    "select delivery_id, outbox_id, tenant_id, recipient_id, event, channel, state, reason,"
    " attempts, provider, created_at, died_at"
    " from postbell.dead_letters"
    " where (%(before)s::bigint is null or delivery_id < %(before)s)"
    " and (%(tenant)s::text is null or tenant_id = %(tenant)s)"
    " and (%(event)s::text is null or event = %(event)s)"
    " and (%(channel)s::text is null or channel = %(channel)s)"
    " order by delivery_id desc limit %(most)s"
)
_RETRY: Final = sql.SQL(
    "select postbell.retry(delivery_id => %(delivery_id)s, event => %(event)s,"
    " channel => %(channel)s, tenant_id => %(tenant)s) as retried"
)


class DeadLettersQuery(Model):
    """Which of them."""

    tenant: Name | None = None
    event: Name | None = None
    channel: Channel | None = None
    cursor: Cursor | None = Field(default=None, description="`next_cursor` of the page before.")
    limit: int = Field(default=30, ge=1, le=MOST)


class DeadLetter(Model):
    """A delivery that was given up, refused or given back."""

    delivery_id: ItemId
    outbox_id: ItemId
    tenant_id: str
    recipient_id: str
    event: str
    channel: Channel
    state: str
    reason: str | None = Field(description="Addresses are masked.")
    why: str
    way_out: str
    attempts: int
    provider: str | None
    created_at: datetime
    died_at: datetime


class DeadLettersPage(Model):
    """Those of the latest events first."""

    dead_letters: list[DeadLetter]
    next_cursor: str | None = Field(description="For the next page; null if this is the last.")


class WhichToRetry(Model):
    """One, or all: those of a tenant, an event or a channel, if they are named."""

    alternatives = Alternatives(
        {"delivery_id": ("all", "tenant", "event", "channel"), "all": ("delivery_id",)},
        is_needed=True,
    )

    delivery_id: ItemId | None = None
    all: Yes | None = None
    tenant: Name | None = None
    event: Name | None = None
    channel: Channel | None = None


class Retried(Model):
    """How many are on their way again."""

    retried: int


class DeadLetterDesk:
    """Everything is asked as support."""

    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        path = "/v1/operator/dead-letters"
        return [
            Operation.of("GET", path, "operator", self.list_dead_letters),
            Operation.of("POST", f"{path}/retry", "operator", self.retry_dead_letters, 404),
        ]

    async def list_dead_letters(
        self, operator: Operator, query: DeadLettersQuery
    ) -> DeadLettersPage:
        """Deliveries given up on, and why."""
        rows = await rows_as_support(
            self._pool,
            operator,
            _DEAD,
            tenant=query.tenant,
            event=query.event,
            channel=query.channel,
            before=query.cursor,
            most=query.limit + 1,
        )
        found = [_dead_letter(row) for row in rows[: query.limit]]
        has_more = len(rows) > query.limit
        return DeadLettersPage(
            dead_letters=found,
            next_cursor=cursor_after(found[-1].delivery_id) if has_more else None,
        )

    async def retry_dead_letters(self, operator: Operator, body: WhichToRetry) -> Retried:
        """Send dead letters again: one, or all that are meant.

        Mend the cause first. One of which nobody knows whether it was sent may arrive twice.
        """
        meant = body.model_dump(exclude={"all"})
        ((retried,),) = [
            row.values() for row in await rows_as_support(self._pool, operator, _RETRY, **meant)
        ]
        log.info(
            "an operator sent dead letters again",
            operator=operator.name,
            retried=retried,
            meant={name: value for name, value in meant.items() if value is not None},
        )
        if body.delivery_id is not None and not retried:
            raise not_found(f"Dead letter {body.delivery_id}")
        return Retried(retried=retried)


def _dead_letter(row: DictRow) -> DeadLetter:
    told = reason_for(row["reason"] or row["state"])
    return DeadLetter(
        **{
            **row,
            "reason": row["reason"] and mask(row["reason"]),
            "why": told.sentence,
            "way_out": told.way_out,
        }
    )
