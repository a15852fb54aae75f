"""Dead letters for operators, alone and grouped by reason, and sending them again."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Annotated, Any, Final

import structlog
from psycopg import AsyncConnection
from pydantic import Field

from dispatcher.db import deliveries
from dispatcher.db.connections import Pool
from dispatcher.explanations import explain_reason
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.db_roles import as_operator, call_as_operator
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import not_found
from dispatcher.gateway.schemas import (
    Alternatives,
    Channel,
    Cursor,
    ItemId,
    Model,
    Name,
    Yes,
    cursor_after,
)
from dispatcher.masking import mask

log = structlog.get_logger()

#: Dead letters of a page of results, at most.
MOST: Final = 100
#: Reasons, as providers word them, that are put into groups, at most.
MOST_REASONS: Final = 5_000
#: What differs between two answers that mean the same, such as the id of a message.
_PARTICULAR: Final = re.compile(r"(?<![\w.-])(?=[\w.-]*\d)(?=[\w.-]*[A-Za-z])[\w.-]{10,}")

#: The reason of a group.
Reason = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"^[^\x00]*$")]


def group_of(reason: str) -> str:
    """The reason without addresses, and without what is in one message's alone."""
    return _PARTICULAR.sub("…", mask(reason))


class DeadGroupsQuery(Model):
    """Which of them."""

    tenant: Name | None = None
    event: Name | None = None
    channel: Channel | None = None


class DeadLettersQuery(DeadGroupsQuery):
    """Which of them."""

    reason: Reason | None = Field(default=None, description="That of a group.")
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
    remedy: str
    attempts: int
    provider: str | None
    created_at: datetime
    died_at: datetime


class DeadLettersPage(Model):
    """Those of the latest events first."""

    dead_letters: list[DeadLetter]
    next_cursor: str | None = Field(description="For the next page; null if this is the last.")


class DeadGroup(Model):
    """Deliveries of a channel that were given up for one reason."""

    channel: Channel
    reason: str = Field(
        description="Without addresses, and without what is in one message's alone."
    )
    why: str
    remedy: str
    events: list[str] = Field(description="The most frequent first.")
    deliveries: int
    first_at: datetime
    last_at: datetime


class DeadGroups(Model):
    """The largest first."""

    groups: list[DeadGroup]


class WhichToRetry(Model):
    """One, or all: those of a tenant, an event, a channel or a reason, if they are named."""

    alternatives = Alternatives(
        {"delivery_id": ("all", "tenant", "event", "channel", "reason"), "all": ("delivery_id",)},
        is_needed=True,
    )

    delivery_id: ItemId | None = None
    all: Yes | None = None
    tenant: Name | None = None
    event: Name | None = None
    channel: Channel | None = None
    reason: Reason | None = Field(default=None, description="That of a group.")


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
            Operation.of("GET", f"{path}/groups", "operator", self.group_dead_letters),
            Operation.of("POST", f"{path}/retry", "operator", self.retry_dead_letters, 404),
        ]

    async def list_dead_letters(
        self, operator: Operator, query: DeadLettersQuery
    ) -> DeadLettersPage:
        """Deliveries given up on, and why."""
        async with as_operator(self._pool, operator) as connection:
            rows = await deliveries.dead_letters(
                connection,
                tenant=query.tenant,
                event=query.event,
                channel=query.channel,
                reasons=await _wordings(connection, query),
                before=query.cursor,
                most=query.limit + 1,
            )
        found = [_dead_letter(row) for row in rows[: query.limit]]
        has_more = len(rows) > query.limit
        return DeadLettersPage(
            dead_letters=found,
            next_cursor=cursor_after(found[-1].delivery_id) if has_more else None,
        )

    async def group_dead_letters(self, operator: Operator, query: DeadGroupsQuery) -> DeadGroups:
        """Why deliveries were given up on: those of one channel and reason together."""
        rows = await call_as_operator(
            self._pool, operator, deliveries.dead_reasons, **query.model_dump(), most=MOST_REASONS
        )
        groups: dict[tuple[str, str], list[deliveries.DeadReason]] = {}
        for row in rows:
            groups.setdefault((row.channel, group_of(row.reason)), []).append(row)
        found = [_group(reason, members) for (_, reason), members in groups.items()]
        return DeadGroups(groups=sorted(found, key=lambda group: -group.deliveries))

    async def retry_dead_letters(self, operator: Operator, body: WhichToRetry) -> Retried:
        """Send dead letters again: one, or all that are meant.

        Mend the cause first. One whose provider never said whether it was sent may arrive twice.
        """
        meant = body.model_dump(exclude={"all"})
        named = body.model_dump(exclude={"all", "reason"})
        async with as_operator(self._pool, operator) as connection:
            reasons = await _wordings(connection, body)
            retried = await deliveries.retry(connection, **named, reasons=reasons)
        log.info(
            "an operator sent dead letters again",
            operator=operator.name,
            retried=retried,
            meant={name: value for name, value in meant.items() if value is not None},
        )
        if body.delivery_id is not None and not retried:
            raise not_found(f"Dead letter {body.delivery_id}")
        return Retried(retried=retried)


async def _wordings(
    connection: AsyncConnection[Any], which: DeadLettersQuery | WhichToRetry
) -> list[str] | None:
    """The reasons of a group, as they were said; None for every reason."""
    if which.reason is None:
        return None
    rows = await deliveries.dead_reasons(
        connection,
        tenant=which.tenant,
        event=which.event,
        channel=which.channel,
        most=MOST_REASONS,
    )
    return sorted({row.reason for row in rows if group_of(row.reason) == which.reason})


def _group(reason: str, members: list[deliveries.DeadReason]) -> DeadGroup:
    told = explain_reason(reason)
    by_event: Counter[str] = Counter()
    for row in members:
        by_event[row.event] += row.deliveries
    return DeadGroup.model_validate(
        {
            "channel": members[0].channel,
            "reason": reason,
            "why": told.sentence,
            "remedy": told.remedy,
            "events": [event for event, _ in by_event.most_common()],
            "deliveries": by_event.total(),
            "first_at": min(row.first_at for row in members),
            "last_at": max(row.last_at for row in members),
        }
    )


def _dead_letter(row: deliveries.DeadLetter) -> DeadLetter:
    told = explain_reason(row.reason or row.state)
    return DeadLetter(
        **{
            **row._asdict(),
            "reason": row.reason and mask(row.reason),
            "why": told.sentence,
            "remedy": told.remedy,
        }
    )
