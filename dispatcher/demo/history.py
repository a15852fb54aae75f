"""What came of the transactions, read from Postbell's own views, and told to the open pages."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from dispatcher.demo.catchers import Catchers, Caught
from dispatcher.demo.shop import Transaction
from dispatcher.explanations import explain_reason

#: Transactions that are not forgotten.
KEPT: Final = 200
#: Seconds between two queries about what is under way: first, and at most.
_FIRST_PAUSE: Final = 0.03
_LONGEST_PAUSE: Final = 2.0
#: Seconds: what is due later than this shows when the page is loaded again.
_HORIZON: Final = 120.0

_TONES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("sent", "delivered", "now"), "good"),
    **dict.fromkeys(("queued", "sending"), "busy"),
    **dict.fromkeys(("waiting", "scheduled"), "later"),
    **dict.fromkeys(("skipped", "cancelled", "expired", "repeated"), "no"),
}


@dataclass(slots=True)
class Delivery:
    """One channel of one person: what was decided, and what became of it.

    `recipient_id` and `channel` are None where an event told nobody; `state` then is rejected,
    repeated, cancelled or scheduled.
    """

    outbox_id: int
    event: str
    recipient_id: str | None
    channel: str | None
    state: str
    reason: str | None
    rung: int | None = None
    #: Why an event was rejected.
    detail: str | None = None
    due_at: datetime | None = None
    delivery_id: int | None = None
    #: From the INSERT to the inbox or the provider, in milliseconds.
    ms: int | None = None
    #: Of the inbox item.
    title: str | None = None
    #: What was caught, where something was.
    caught: Caught | None = None

    @property
    def has_arrived(self) -> bool:
        return self.state in ("sent", "delivered")

    @property
    def tone(self) -> str:
        """good, busy, later, no or bad: what the state looks like."""
        return _TONES.get(self.state, "bad")

    @property
    def headline(self) -> str:
        """What arrived: the title of the item or the push, the subject of the mail, or the text."""
        return self.title or (self.caught.title if self.caught else "")

    @property
    def why(self) -> str:
        """The reason as sentences, with its cause and the time that it names."""
        words = []
        if self.reason and self.reason != "wanted":
            explanation = explain_reason(self.reason)
            words.append(explanation.sentence)
            if self.detail:
                words.append(f"{self.detail.rstrip('.')}.")
            elif self.tone == "bad":
                words.append(explanation.remedy)
        if self.due_at is not None and self.tone == "later":
            words.append(f"Due at {self.due_at.astimezone():%H:%M:%S}.")
        return " ".join(words)


@dataclass(slots=True)
class Entry:
    """A transaction, and what came of it."""

    number: int
    transaction: Transaction
    deliveries: Sequence[Delivery] = ()
    #: Grows with each change of any entry.
    version: int = 0
    follower: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def is_settled(self) -> bool:
        """Whether nothing will change soon: all has arrived, waits, or was decided against."""
        heard_of = {each.outbox_id for each in self.deliveries}
        return heard_of.issuperset(self.transaction.outbox_ids) and not any(
            each.tone == "busy" for each in self.deliveries
        )

    @property
    def outcome(self) -> tuple[str, str]:
        """How it ended in words, and the tone of that."""
        if self.transaction.rolled_back_by is not None:
            return f"rolled back by {self.transaction.rolled_back_by}: nobody hears of it", "bad"
        if any(each.state == "rejected" for each in self.deliveries):
            return "committed, event rejected", "bad"
        return "committed", "good"

    @property
    def seconds_to_due(self) -> float | None:
        """Seconds until the first that waits is due; None if nothing waits."""
        waits = [each.due_at for each in self.deliveries if each.tone == "later" and each.due_at]
        return (min(waits) - datetime.now().astimezone()).total_seconds() if waits else None

    @property
    def events(self) -> list[list[Delivery]]:
        """The deliveries by event."""
        ids = dict.fromkeys(each.outbox_id for each in self.deliveries)
        return [[each for each in self.deliveries if each.outbox_id == number] for number in ids]


class History:
    """What happened, newest first. Reads as the database's owner."""

    def __init__(self, connection: AsyncConnection[Any], catchers: Catchers) -> None:
        self.entries: Final[deque[Entry]] = deque(maxlen=KEPT)
        self._connection: Final = connection
        self._catchers: Final = catchers
        self._numbers = count(1)
        self._versions = count(1)
        self._pages: Final[set[asyncio.Queue[Entry | None]]] = set()

    @property
    def version(self) -> int:
        return max((entry.version for entry in self.entries), default=0)

    def add(self, transaction: Transaction) -> Entry:
        """Follows what comes of a transaction, and queries again what waits."""
        entry = Entry(next(self._numbers), transaction)
        self.entries.appendleft(entry)
        # What was just done may have cancelled it.
        for other in [entry, *(each for each in self.entries if each.seconds_to_due is not None)]:
            if other.follower is not None:
                other.follower.cancel()
            other.follower = asyncio.create_task(self._follow(other))
        self._publish(entry)
        return entry

    async def add_other_events(self) -> None:
        """Adds events that nobody here is known to have emitted, such as those of psql."""
        known = {number for entry in self.entries for number in entry.transaction.outbox_ids}
        cursor = await self._connection.execute(
            "select id from postbell.outbox where id > %s and id <> all(%s) order by id limit 50",
            [min(known, default=0), list(known)],
        )
        for (number,) in await cursor.fetchall():
            title = "An event that somebody else emitted"
            self.add(Transaction(title=title, outbox_ids=[number]))

    async def _follow(self, entry: Entry) -> None:
        """Queries an entry until nothing will change."""
        pause = _FIRST_PAUSE
        while True:
            found = await read(
                self._connection, entry.transaction.outbox_ids, self._catchers.caught
            )
            if found != entry.deliveries:
                entry.deliveries = found
                self._publish(entry)
            if entry.is_settled:
                seconds = entry.seconds_to_due
                if seconds is None or seconds > _HORIZON:
                    return
                await asyncio.sleep(max(seconds, _FIRST_PAUSE))
                pause = _FIRST_PAUSE
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 1.3, _LONGEST_PAUSE)

    def _publish(self, entry: Entry) -> None:
        entry.version = next(self._versions)
        for page in self._pages:
            page.put_nowait(entry)

    async def changes(self, since: int) -> AsyncIterator[Entry | None]:
        """Entries that changed after a version, and then each that changes; None at the end."""
        news: asyncio.Queue[Entry | None] = asyncio.Queue()
        missed = sorted((each for each in self.entries if each.version > since), key=_version)
        for entry in missed:
            news.put_nowait(entry)
        self._pages.add(news)
        try:
            while True:
                changed = await news.get()
                yield changed
                if changed is None:
                    return
        finally:
            self._pages.discard(news)

    async def end(self) -> None:
        """Tells the open pages that this was all."""
        for entry in self.entries:
            if entry.follower is not None:
                entry.follower.cancel()
        for page in self._pages:
            page.put_nowait(None)
        # The streams send it before the server stops.
        await asyncio.sleep(0.1 if self._pages else 0)


def _version(entry: Entry) -> int:
    return entry.version


async def read(
    connection: AsyncConnection[Any], outbox_ids: Sequence[int], caught: Iterable[Caught] = ()
) -> list[Delivery]:
    """What was decided about events and what became of it, or what would be if not decided yet.

    It also works in the transaction that emits them. The connection is the database owner's.
    """
    cursor = connection.cursor(row_factory=class_row(Delivery))
    await cursor.execute(_READ, {"ids": list(outbox_ids)})
    messages = {each.delivery_id: each for each in caught}
    found = []
    for row in await cursor.fetchall():
        if row.delivery_id is None:
            row.state = _undelivered(row)
        elif row.channel != "in_app":
            row.caught = messages.get(row.delivery_id)
        found.append(row)
    cancelled = {each.outbox_id for each in found if each.state == "cancelled"}
    # What would have been decided does not matter any more.
    return [each for each in found if each.outbox_id not in cancelled or each.state == "cancelled"]


_READ: Final = """
select
    asked.id as outbox_id, emitted.event, decided.recipient_id, decided.channel,
    coalesce(log.state, decided.decision) as state, coalesce(log.reason, decided.reason) as reason,
    decided.rung, decided.due_at, log.delivery_id, item.title,
    round(extract(epoch from log.sent_at - log.created_at) * 1000)::integer as ms,
    case when decided.reason = 'invalid_payload' then (
        select fault
        from postbell.event_type as kind
        cross join lateral postbell_private.find_payload_fault(emitted.payload, kind.fields)
        where kind.key = emitted.event
    ) end as detail
from unnest(%(ids)s::bigint[]) as asked (id)
join postbell.outbox as emitted on emitted.id = asked.id
cross join lateral postbell.explain(asked.id) as decided
left join postbell.delivery_log as log
    on log.outbox_id = asked.id
    and (log.recipient_id, log.channel) = (decided.recipient_id, decided.channel)
left join postbell.inbox as item
    on item.id = log.delivery_id and log.has_row and log.channel = 'in_app'
order by
    asked.id, decided.recipient_id,
    array_position('{in_app,email,sms,push,sse,chat}', decided.channel)
"""


def _undelivered(row: Delivery) -> str:
    """The state of an event that has no deliveries, or of a channel that it is not going to use."""
    if row.reason == "cancelled":
        return "cancelled"
    match row.state:
        case "now":
            # Committed, and the router has not come to it yet.
            return "queued"
        case "later":
            return "scheduled"
    if row.channel is not None:
        return "skipped"
    return "repeated" if (row.reason or "").startswith("duplicate_of_") else "rejected"
