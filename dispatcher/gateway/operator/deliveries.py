"""Deliveries for operators: found by what is known of them, each with its timeline."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal, Self

import structlog
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from dispatcher.db import deliveries
from dispatcher.db.connections import Pool
from dispatcher.explanations import explain_reason, next_step
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.db_roles import as_operator, call_as_operator
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import FieldFault, Problem, not_found
from dispatcher.gateway.schemas import (
    Channel,
    Cursor,
    Decision,
    ItemId,
    Model,
    Moment,
    Name,
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
#: The longest range of times that is searched where no index finds what is asked for.
LONGEST_RANGE: Final = timedelta(days=31)
#: Lines of a file, at most.
MOST_IN_FILE: Final = 10_000


class DeliveriesQuery(Model):
    """What is known of them. Everything named must be so."""

    recipient: Name | None = None
    tenant: Name | None = None
    event: Name | None = None
    channel: Channel | None = None
    state: State | None = None
    outbox_id: ItemId | None = Field(default=None, description="The event's.")
    message_id: Name | None = Field(default=None, description="The provider's id of the message.")
    since: Moment | None = Field(default=None, description="Of events emitted then or later.")
    until: Moment | None = Field(default=None, description="Of events emitted before that.")
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
    remedy: str = Field(description="What to do about it; empty if nothing is wrong.")
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
                "remedy": step or told.remedy,
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

    address: str | None = Field(
        description="Where it is sent to, as the person has it now, masked: j…@example.org. Null"
        " for inbox, push and stream, and if there is none."
    )
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
            Operation.of("GET", f"{path}.csv", "operator", self.export_deliveries),
            Operation.of("GET", f"{path}/{{delivery_id}}", "operator", self.get_delivery),
        ]

    async def find_deliveries(self, operator: Operator, query: DeliveriesQuery) -> DeliveriesPage:
        """Deliveries, newest first.

        By person, event id, provider's message id, or a state that needs attention, all deliveries
        are searched. By a range of times (`since`, and `until`) at most 31 days are. By anything
        else, each request searches a part of the log.
        """
        return await self._find(operator, query, query.limit)

    async def export_deliveries(
        self, operator: Operator, query: DeliveriesQuery, request: Request
    ) -> Annotated[Response, "text/csv"]:
        """The same as a file, 10,000 lines at most; `limit` counts for nothing.

        The header Link has the address of what follows, if there is more (RFC 8288).
        """
        page = await self._find(operator, query, MOST_IN_FILE)
        log.info(
            "an operator exported deliveries",
            operator=operator.name,
            deliveries=len(page.deliveries),
        )
        headers = {"content-disposition": 'attachment; filename="deliveries.csv"'}
        if page.next_cursor is not None:
            following = request.url.include_query_params(cursor=page.next_cursor)
            headers["link"] = f'<{following.path}?{following.query}>; rel="next"'
        return Response(_as_csv(page.deliveries), headers=headers, media_type="text/csv")

    async def _find(self, operator: Operator, query: DeliveriesQuery, most: int) -> DeliveriesPage:
        asked = query.model_dump(exclude={"cursor", "limit"})
        find = _direct(query)
        async with as_operator(self._pool, operator) as connection:
            if find is not None:
                rows = await find(connection, **asked, before=query.cursor, most=most + 1)
            else:
                rows = await deliveries.find_in_window(
                    connection, **asked, before=query.cursor, window=WINDOW, most=most + 1
                )
            if len(rows) > most:
                # A page does not end among the channels of one person.
                last = rows[most - 1].delivery_id
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
            address = await deliveries.delivery_address(connection, delivery_id)
        return Delivery(
            **dict(DeliveryLine.of(row)), address=address, timeline=[_step(each) for each in steps]
        )


def _direct(query: DeliveriesQuery) -> deliveries.Find | None:
    """The statement that finds them by an index; None if there is none."""
    if query.recipient or query.outbox_id:
        return deliveries.find
    if query.message_id and not query.message_id.startswith("<"):
        return deliveries.find_by_message
    find = deliveries.find_in_state.get(query.state or "")
    if find is None and (query.since or query.until):
        _require_short_range(query.since, query.until)
        return deliveries.find_in_range
    return find


def _require_short_range(since: datetime | None, until: datetime | None) -> None:
    """Raises Problem (422) for a range that has no beginning, or is too long to look through."""
    if since is None or (until or datetime.now(UTC)) - since > LONGEST_RANGE:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid_request",
            f"Without a person or an event, {LONGEST_RANGE.days} days at most are searched.",
            "Name since, and until where it is long ago.",
            errors=[FieldFault(field="query.since", detail="It is too long before until.")],
        )


#: What a spreadsheet takes for a formula (CWE-1236).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def _as_csv(lines: list[DeliveryLine]) -> str:
    """A heading and a line for each delivery (RFC 4180); times are UTC."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(DeliveryLine.model_fields)
    for line in lines:
        written = ("" if value is None else str(value) for value in line.model_dump().values())
        writer.writerow(f"'{each}" if each.startswith(_FORMULA) else each for each in written)
    return file.getvalue()


def _step(row: deliveries.Step) -> Step:
    return Step(
        happened_at=row.happened_at,
        what=row.what,
        provider=row.provider,
        code=row.code,
        reason=row.reason and mask(row.reason),
        why=explain_reason(row.reason).sentence if row.reason else None,
    )


class RecipientsQuery(Model):
    """Whose address it is."""

    email: Name


class Addressee(Model):
    """A person of a tenant."""

    tenant_id: str
    recipient_id: str


class Addressees(Model):
    """Those who have the address."""

    recipients: list[Addressee]


class RecipientsApi:
    """Every statement runs as `postbell_support`, which may read no addresses."""

    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        path = "/v1/operator/recipients/search"
        return [Operation.of("POST", path, "operator", self.find_recipients)]

    async def find_recipients(self, operator: Operator, body: RecipientsQuery) -> Addressees:
        """The people who have exactly this e-mail address, or this id; at most 100.

        By POST, because addresses of requests are logged in many places.
        """
        rows = await call_as_operator(self._pool, operator, deliveries.find_recipients, body.email)
        log.info("an operator searched by address", operator=operator.name, found=len(rows))
        return Addressees(recipients=[Addressee(**row._asdict()) for row in rows])
