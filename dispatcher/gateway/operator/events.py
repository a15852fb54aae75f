"""The decisions about an event with their reasons, and rejected events, for operators."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import Field

from dispatcher.db import deliveries
from dispatcher.db.connections import Pool
from dispatcher.explanations import (
    explain_reason,
    explain_state,
    masked_detail,
    next_step,
    next_step_undecided,
)
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.db_roles import call_as_operator
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import not_found
from dispatcher.gateway.schemas import Cursor, Decision, ItemId, Model, Name, cursor_after
from dispatcher.masking import mask

#: Decisions of one event that are shown: its audience may be everybody.
MOST: Final = 200

#: Rejections of a page, at most.
MOST_REJECTIONS: Final = 100


class EventQuery(Model):
    """About whom."""

    recipient: Name | None = Field(default=None, description="One of an event's many.")


class Decided(Model):
    """The decision about one channel of one person; without a channel, why there is none."""

    recipient_id: str | None
    channel: str | None
    decision: Decision
    rung: int = Field(description="Of the ladder, that decided; 0 for none.")
    reason: str
    why: str = Field(description="The same, as a sentence.")
    due_at: datetime | None
    delivery_id: ItemId | None = Field(description="Null if nothing is written down yet.")
    state: str | None = Field(description="What became of it.")
    state_reason: str | None = Field(
        description="Of its state; null where the decision alone says it. Addresses are masked."
    )
    state_why: str | None = Field(description="The same, as a sentence.")
    remedy: str


class Explanation(Model):
    """What was decided about an event, or would be if it were routed now."""

    outbox_id: ItemId
    event: str | None
    created_at: datetime | None
    decisions: list[Decided]
    has_more: bool = Field(description=f"Whether there are more than {MOST}: name a recipient.")


class EventsApi:
    """Every statement runs as `postbell_support`."""

    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        return [
            Operation.of("GET", "/v1/operator/events/{outbox_id}", "operator", self.explain_event)
        ]

    async def explain_event(
        self, operator: Operator, outbox_id: ItemId, query: EventQuery
    ) -> Explanation:
        """Who gets what of an event, when, and why not: the same as `postbell why`."""
        rows = await call_as_operator(
            self._pool, operator, deliveries.explain_event, outbox_id, query.recipient, MOST + 1
        )
        if not rows:
            raise not_found(f"Event {outbox_id}")
        return Explanation(
            outbox_id=outbox_id,
            event=rows[0].event,
            created_at=rows[0].created_at,
            decisions=[_decision(row) for row in rows[:MOST]],
            has_more=len(rows) > MOST,
        )


def _decision(row: deliveries.Decided) -> Decided:
    told = explain_reason(row.reason, row.detail)
    later = explain_state(row.reason, row.state_reason)
    step = ""
    if row.delivery_id is not None:
        step = next_step(row.state, row.state_reason, row.delivery_id, row.due_at)
    elif row.channel is not None:
        step = next_step_undecided(row.scheduled_for, row.is_being_fanned_out)
    who = row.recipient_id
    return Decided(
        # A rejected recipient id may be an address.
        recipient_id=who and mask(who),
        channel=row.channel,
        decision=row.decision,
        rung=row.rung,
        reason=mask(row.reason),
        why=told.sentence,
        due_at=row.due_at,
        delivery_id=row.delivery_id,
        state=row.state,
        state_reason=mask(row.state_reason) if later and row.state_reason else None,
        state_why=later.sentence if later else None,
        remedy=step or (later.remedy if later else "") or told.remedy,
    )


class RejectionsQuery(Model):
    """Which of them."""

    tenant: Name | None = None
    event: Name | None = None
    reason: Name | None = Field(default=None, description="A name of postbell.error_codes.")
    cursor: Cursor | None = Field(default=None, description="`next_cursor` of the page before.")
    limit: int = Field(default=30, ge=1, le=MOST_REJECTIONS)


class Rejection(Model):
    """An event that could not be routed."""

    outbox_id: ItemId
    tenant_id: str | None
    event: str | None
    recipient: str | None = Field(description="Masked, if it is an address.")
    reason: str
    detail: str | None = Field(description="Without what the event said.")
    why: str
    remedy: str
    created_at: datetime


class RejectionsPage(Model):
    """Newest first."""

    rejections: list[Rejection]
    next_cursor: str | None = Field(description="For the next page; null if this is the last.")


class RejectionsApi:
    """Every statement runs as `postbell_support`."""

    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        path = "/v1/operator/rejections"
        return [Operation.of("GET", path, "operator", self.list_rejections)]

    async def list_rejections(self, operator: Operator, query: RejectionsQuery) -> RejectionsPage:
        """Rejected events, newest first: why, and what to do."""
        rows = await call_as_operator(
            self._pool,
            operator,
            deliveries.rejected_events,
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


def _rejection(row: deliveries.Rejection) -> Rejection:
    told = explain_reason(row.reason, row.detail)
    return Rejection(
        **{
            **row._asdict(),
            "recipient": row.recipient and mask(row.recipient),
            "detail": row.detail and masked_detail(row.detail),
            "why": told.sentence,
            "remedy": told.remedy,
        }
    )
