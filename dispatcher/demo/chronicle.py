"""What came of the marketplace's transactions, read from Postbell's own views."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from dispatcher.demo.catchers import Catchers
from dispatcher.demo.market.ledger import Moment

#: States of a delivery in which something will happen to it soon.
_ON_ITS_WAY: Final = frozenset({"queued", "sending"})
#: What a person holds in their hands. What an open page is told besides is not counted here.
CHANNELS: Final = ["in_app", "email", "sms", "push"]


@dataclass(frozen=True, slots=True)
class Fate:
    """One channel of one person: what was decided, and what became of it.

    `recipient_id` and `channel` are None where an event told nobody; `state` then is `rejected`,
    `repeated`, `cancelled` or `scheduled`.
    """

    outbox_id: int
    recipient_id: str | None
    channel: str | None
    state: str
    reason: str | None
    due_at: datetime | None = None
    #: From the INSERT to the inbox or the provider.
    seconds: float | None = None
    #: What arrived: the title of the item or the push, the subject of the mail, or the text.
    title: str | None = None
    event: str | None = None

    @property
    def has_arrived(self) -> bool:
        return self.state in ("sent", "delivered")


@dataclass(frozen=True, slots=True)
class Account:
    """A moment, and what came of it."""

    moment: Moment
    fates: Sequence[Fate]

    @property
    def is_settled(self) -> bool:
        """Whether nothing will change soon: all has arrived, waits, or was decided against."""
        if self.moment.rolled_back_by is not None:
            return True
        heard_of = {fate.outbox_id for fate in self.fates}
        return heard_of.issuperset(self.moment.outbox_ids) and not any(
            fate.state in _ON_ITS_WAY for fate in self.fates
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of postbell.delivery_log, beside the inbox."""

    outbox_id: int
    delivery_id: int
    recipient_id: str
    event: str
    channel: str
    state: str
    reason: str | None
    due_at: datetime | None
    seconds: float | None
    title: str | None


class Chronicle:
    """Tells what came of moments."""

    def __init__(self, connection: AsyncConnection[Any], catchers: Catchers) -> None:
        self._connection = connection
        self._catchers = catchers

    async def accounts(self, moments: Sequence[Moment]) -> list[Account]:
        """An account of each moment, as things stand."""
        outbox_ids = [number for moment in moments for number in moment.outbox_ids]
        fates = await self._delivered(outbox_ids)
        for number in outbox_ids:
            if number not in fates:
                fates[number] = await self._undelivered(number)
        return [
            Account(moment, [fate for number in moment.outbox_ids for fate in fates[number]])
            for moment in moments
        ]

    async def tally(self) -> Counter[str]:
        """How many deliveries are in which state, and how many events told nobody and why."""
        cursor = await self._connection.execute(
            "select state, count(*) from postbell.delivery_log where channel = any(%s)"
            " group by state"
            " union all select 'rejected', count(*) from postbell.rejected_events"
            " union all select 'routed', count(distinct outbox_id) from postbell.delivery_log",
            [CHANNELS],
        )
        return Counter(dict(await cursor.fetchall()))

    async def _delivered(self, outbox_ids: Sequence[int]) -> defaultdict[int, list[Fate]]:
        cursor = self._connection.cursor(row_factory=class_row(_Row))
        await cursor.execute(
            "select log.outbox_id, log.delivery_id, log.recipient_id, log.event, log.channel,"
            " log.state, log.reason, log.due_at, item.title,"
            " extract(epoch from log.sent_at - log.created_at)::float8 as seconds"
            " from postbell.delivery_log as log"
            " left join postbell.inbox as item on item.id = log.delivery_id and log.has_row"
            " where log.outbox_id = any(%s) and log.channel = any(%s)"
            " order by log.outbox_id, log.recipient_id, array_position(%s, log.channel)",
            [list(outbox_ids), CHANNELS, CHANNELS],
        )
        titles = {caught.delivery_id: caught.title for caught in self._catchers.caught()}
        fates: defaultdict[int, list[Fate]] = defaultdict(list)
        for row in await cursor.fetchall():
            fates[row.outbox_id].append(
                Fate(
                    row.outbox_id,
                    row.recipient_id,
                    row.channel,
                    row.state,
                    row.reason,
                    row.due_at,
                    row.seconds,
                    row.title or titles.get(row.delivery_id),
                    row.event,
                )
            )
        return fates

    async def _undelivered(self, outbox_id: int) -> list[Fate]:
        """Of an event without deliveries: rejected, repeated, cancelled or for later."""
        cursor = await self._connection.execute(
            "select recipient_id, channel, decision, reason, due_at from postbell.explain(%s)",
            [outbox_id],
        )
        decisions = await cursor.fetchall()
        if any(decision == "now" for _, _, decision, _, _ in decisions):
            # Committed, and the router has not come to it yet.
            return []
        if any(reason == "cancelled" for _, _, _, reason, _ in decisions):
            # What would have been decided does not matter any more.
            decisions = [row for row in decisions if row[3] == "cancelled"]
        return [
            Fate(
                outbox_id, recipient_id, channel, _state(channel, decision, reason), reason, due_at
            )
            for recipient_id, channel, decision, reason, due_at in decisions
        ]


def _state(channel: str | None, decision: str, reason: str) -> str:
    """The state of an event that has no deliveries, or of a channel that it is not going to use."""
    if decision == "later":
        return "scheduled"
    if channel is not None and reason != "cancelled":
        return "skipped"
    if reason == "cancelled":
        return "cancelled"
    return "repeated" if reason.startswith("duplicate_of_") else "rejected"
