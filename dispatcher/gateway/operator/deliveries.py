"""Deliveries and dead letters for operators, and sending those again."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, Self

import structlog
from pydantic import Field

from dispatcher.db import deliveries
from dispatcher.db.connections import Pool
from dispatcher.explanations import explain_reason, next_step
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.db_roles import as_operator, call_as_operator
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import not_found
from dispatcher.gateway.schemas import (
    Alternatives,
    Channel,
    Cursor,
    Decision,
    ItemId,
    Model,
    Name,
    Yes,
    cursor_after,
)
from dispatcher.masking import mask

log = structlog.get_logger()

State = Literal[
    "queued", "sending", "waiting", "unknown",
    "sent", "delivered", "bounced", "failed", "refused", "skipped", "expired", "cancelled",
]  # fmt: skip

#: Deliveries of a page of results, at most.
MOST: Final = 100
#: How many of the latest deliveries one request searches where no index finds what is asked for.
#: The next page searches as many before these.
WINDOW: Final = 100_000


class DeliveriesQuery(Model):
    """What is known of them. Everything named must be so."""

    recipient: Name | None = None
    tenant: Name | None = None
    event: Name | None = None
    channel: Channel | None = None
    state: State | None = None
    outbox_id: ItemId | None = Field(default=None, description="The event's.")
    message_id: Name | None = Field(default=None, description="The provider's id of the message.")
    cursor: Cursor | None = Field(default=None, description="`next_cursor` of the page before.")
    limit: int = Field(default=30, ge=1, le=MOST)


class DeliveryLine(Model):
    """One channel of one recipient of one event, and what became of it."""

    delivery_id: ItemId
    outbox_id: ItemId
    tenant_id: str
    recipient_id: str
    event: str
    channel: Channel
    state: State
    reason: str = Field(description="Of its state, else of the decision. Addresses are masked.")
    why: str = Field(description="The same, as a sentence.")
    way_out: str = Field(description="What to do about it; empty if nothing is wrong.")
    decision: Decision = Field(description="Of the last time that it was decided.")
    rung: int = Field(description="Of the ladder, that decided; 0 for none.")
    decision_reason: str
    decision_why: str = Field(description="The same, as a sentence.")
    attempts: int
    provider: str | None
    provider_message_id: str | None
    due_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None

    @classmethod
    def of(cls, row: deliveries.DeliveryLine) -> Self:
        told = explain_reason(row.reason)
        step = next_step(row.state, row.reason, row.delivery_id, row.due_at)
        return cls.model_validate(
            {
                **row._asdict(),
                "reason": mask(row.reason),
                "why": told.sentence,
                "way_out": step or told.remedy,
                "decision_why": explain_reason(row.decision_reason).sentence,
            }
        )


class DeliveriesPage(Model):
    """Newest first."""

    deliveries: list[DeliveryLine]
    next_cursor: str | None = Field(description="For the next page; null if this is the last.")
    searched_to: datetime | None = Field(
        description="Back to then the log was looked through; the next page goes on before it."
        " Null if nothing older is left out."
    )


class Step(Model):
    """A step of a delivery: a call of a provider, what came back from it, or what we did."""

    happened_at: datetime
    what: str
    provider: str | None
    code: str | None
    reason: str | None = Field(description="Addresses are masked.")
    why: str | None = Field(description="The same, as a sentence.")


class Delivery(DeliveryLine):
    """One delivery with its timeline."""

    timeline: list[Step] = Field(description="Oldest first, by everybody's own clock.")


class DeliveriesApi:
    """Every statement runs as `postbell_support`."""

    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        path = "/v1/operator/deliveries"
        return [
            Operation.of("GET", path, "operator", self.find_deliveries),
            Operation.of("GET", f"{path}/{{delivery_id}}", "operator", self.get_delivery),
        ]

    async def find_deliveries(self, operator: Operator, query: DeliveriesQuery) -> DeliveriesPage:
        """Deliveries, newest first.

        By person, event id, provider's message id, or a state that needs attention, all deliveries
        are searched. By anything else, each request searches a part of the log.
        """
        asked = query.model_dump(exclude={"cursor", "limit"})
        find = _direct(query)
        async with as_operator(self._pool, operator) as connection:
            if find is not None:
                rows = await find(connection, **asked, before=query.cursor, most=query.limit + 1)
            else:
                rows = await deliveries.find_in_window(
                    connection, **asked, before=query.cursor, window=WINDOW, most=query.limit + 1
                )
            if len(rows) > query.limit:
                # A page does not end among the channels of one person.
                last = rows[query.limit - 1].delivery_id
                return DeliveriesPage(
                    deliveries=[DeliveryLine.of(row) for row in rows if row.delivery_id >= last],
                    next_cursor=cursor_after(last),
                    searched_to=None,
                )
            lines = [DeliveryLine.of(row) for row in rows]
            end = None
            if find is None:
                end = await deliveries.end_of_window(connection, query.cursor, WINDOW)
        return DeliveriesPage(
            deliveries=lines,
            next_cursor=None if end is None else cursor_after(end.delivery_id),
            searched_to=None if end is None else end.created_at,
        )

    async def get_delivery(self, operator: Operator, delivery_id: ItemId) -> Delivery:
        """One delivery, with every try, everything that came back, and what ended it."""
        async with as_operator(self._pool, operator) as connection:
            row = await deliveries.delivery(connection, delivery_id)
            if row is None:
                raise not_found(f"Delivery {delivery_id}")
            steps = await deliveries.timeline_of(connection, [delivery_id])
        return Delivery(**dict(DeliveryLine.of(row)), timeline=[_step(each) for each in steps])


def _direct(query: DeliveriesQuery) -> deliveries.Find | None:
    """The statement that finds them by an index; None if there is none."""
    if query.recipient or query.outbox_id:
        return deliveries.find
    if query.message_id and not query.message_id.startswith("<"):
        return deliveries.find_by_message
    return deliveries.find_in_state.get(query.state or "")


def _step(row: deliveries.Step) -> Step:
    return Step(
        happened_at=row.happened_at,
        what=row.what,
        provider=row.provider,
        code=row.code,
        reason=row.reason and mask(row.reason),
        why=explain_reason(row.reason).sentence if row.reason else None,
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


class DeadLettersApi:
    """Every statement runs as `postbell_support`."""

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
        rows = await call_as_operator(
            self._pool,
            operator,
            deliveries.dead_letters,
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

        Mend the cause first. One whose provider never said whether it was sent may arrive twice.
        """
        meant = body.model_dump(exclude={"all"})
        retried = await call_as_operator(self._pool, operator, deliveries.retry, **meant)
        log.info(
            "an operator sent dead letters again",
            operator=operator.name,
            retried=retried,
            meant={name: value for name, value in meant.items() if value is not None},
        )
        if body.delivery_id is not None and not retried:
            raise not_found(f"Dead letter {body.delivery_id}")
        return Retried(retried=retried)


def _dead_letter(row: deliveries.DeadLetter) -> DeadLetter:
    told = explain_reason(row.reason or row.state)
    return DeadLetter(
        **{
            **row._asdict(),
            "reason": row.reason and mask(row.reason),
            "why": told.sentence,
            "way_out": told.remedy,
        }
    )
