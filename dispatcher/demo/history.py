"""What came of the transactions, read from Postbell's own views, and told to the open pages."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from itertools import count, groupby
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from dispatcher.demo.catchers import Catcher, Caught
from dispatcher.explanations import explain_reason

#: Transactions that are shown; the oldest go first.
KEPT: Final = 40
#: Seconds between two queries about what is under way: first, and at most.
_FIRST_PAUSE: Final = 0.03
_LONGEST_PAUSE: Final = 2.0
#: Seconds: what is due later than this shows when the page is loaded again.
_HORIZON: Final = 120.0

_TONES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("sent", "delivered"), "good"),
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
    #: Why an event was rejected.
    detail: str | None = None
    due_at: datetime | None = None
    delivery_id: int | None = None
    #: From the INSERT to the inbox or the provider, in milliseconds.
    ms: int | None = None
    #: Of the inbox item.
    title: str | None = None
    body: str | None = None
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
    def parts(self) -> list[str]:
        """All that the person reads of it; a mail has two parts, which say the same."""
        if self.caught is None:
            return [f"{self.title} {self.body}"]
        parts = [self.caught.text, unescape(self.caught.html or self.caught.text)]
        return [f"{self.caught.title} {part}" for part in parts]

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
class Transaction:
    """One transaction: what it was for, how it ended, and what came of it."""

    #: What happens, as a sentence without its full stop.
    title: str = ""
    #: What else there is to say of it.
    note: str = ""
    #: The constraint that objected; None if it committed.
    rolled_back_by: str | None = None
    #: What the application said to the database, with the values.
    statements: list[str] = field(default_factory=list)
    #: The transaction's id.
    xid: int = 0
    #: Ids in postbell.outbox, whether the code or a trigger inserted them.
    outbox_ids: list[int] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    at: datetime = field(default_factory=lambda: datetime.now().astimezone())
    #: In the history.
    number: int = 0
    follower: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def is_settled(self) -> bool:
        """Whether nothing will change soon: all has arrived, waits, or was decided against."""
        heard_of = {each.outbox_id for each in self.deliveries}
        return heard_of.issuperset(self.outbox_ids) and not any(
            each.tone == "busy" for each in self.deliveries
        )

    @property
    def outcome(self) -> tuple[str, str]:
        """How it ended in words, and the tone of that."""
        if self.rolled_back_by is not None:
            return f"rolled back by {self.rolled_back_by}: nobody hears of it", "bad"
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
        return [list(each) for _, each in groupby(self.deliveries, lambda each: each.outbox_id)]


class History:
    """What happened, newest first. Reads as the database's owner."""

    def __init__(self, connection: AsyncConnection[Any], catcher: Catcher) -> None:
        self.transactions: Final[deque[Transaction]] = deque(maxlen=KEPT)
        #: Of anything in it, since the beginning.
        self.changes = 0
        self._connection: Final = connection
        self._catcher: Final = catcher
        self._numbers = count(1)
        self._pages: Final[set[asyncio.Queue[Transaction | None]]] = set()

    async def add(self, transaction: Transaction) -> None:
        """Follows what comes of a transaction, and queries again what waits."""
        cursor = await self._connection.execute(
            "select id from postbell.outbox where xid = %s::text::xid8 order by id",
            [transaction.xid],
        )
        transaction.outbox_ids = [number for (number,) in await cursor.fetchall()]
        transaction.number = next(self._numbers)
        self.transactions.appendleft(transaction)
        # What was just done may have cancelled what waits.
        for each in self.transactions:
            if each is transaction or each.seconds_to_due is not None:
                if each.follower is not None:
                    each.follower.cancel()
                each.follower = asyncio.create_task(self._follow(each))
        self._publish(transaction)

    async def _follow(self, transaction: Transaction) -> None:
        """Queries a transaction until nothing will change."""
        pause = _FIRST_PAUSE
        while True:
            found = await read(self._connection, transaction.outbox_ids, self._catcher.caught)
            if found != transaction.deliveries:
                transaction.deliveries = found
                self._publish(transaction)
            if transaction.is_settled:
                seconds = transaction.seconds_to_due
                if seconds is None or seconds > _HORIZON:
                    return
                await asyncio.sleep(max(seconds, _FIRST_PAUSE))
                pause = _FIRST_PAUSE
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 1.3, _LONGEST_PAUSE)

    def _publish(self, transaction: Transaction | None) -> None:
        self.changes += 1
        for page in self._pages:
            page.put_nowait(transaction)

    @contextmanager
    def changes_from_now(self) -> Iterator[asyncio.Queue[Transaction | None]]:
        """Each transaction that changes inside the block; None at the end of the demo."""
        news: asyncio.Queue[Transaction | None] = asyncio.Queue()
        self._pages.add(news)
        try:
            yield news
        finally:
            self._pages.discard(news)

    async def end(self) -> None:
        """Tells the open pages that this was all."""
        for each in self.transactions:
            if each.follower is not None:
                each.follower.cancel()
        self._publish(None)
        # The streams send it before the server stops.
        await asyncio.sleep(0.1 if self._pages else 0)


async def read(
    connection: AsyncConnection[Any], outbox_ids: Sequence[int], caught: Iterable[Caught] = ()
) -> list[Delivery]:
    """What was decided about events and what became of it, or what would be if not decided yet.

    The connection is the database owner's.
    """
    cursor = connection.cursor(row_factory=class_row(Delivery))
    found = await (await cursor.execute(_READ, {"ids": list(outbox_ids)})).fetchall()
    messages = {each.delivery_id: each for each in caught}
    for row in found:
        if row.delivery_id is None:
            row.state = _undelivered(row)
        elif row.channel != "in_app":
            row.caught = messages.get(row.delivery_id)
    cancelled = {each.outbox_id for each in found if each.state == "cancelled"}
    # What would have been decided does not matter any more.
    return [each for each in found if each.outbox_id not in cancelled or each.state == "cancelled"]


_READ: Final = """
select
    asked.id as outbox_id, emitted.event, decided.recipient_id, decided.channel,
    coalesce(log.state, decided.decision) as state, coalesce(log.reason, decided.reason) as reason,
    decided.due_at, log.delivery_id, item.title, item.body,
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
    # Committed, and the router has not come to it yet.
    if coming := {"now": "queued", "later": "scheduled"}.get(row.state):
        return coming
    if row.channel is not None:
        return "skipped"
    return "repeated" if (row.reason or "").startswith("duplicate_of_") else "rejected"
