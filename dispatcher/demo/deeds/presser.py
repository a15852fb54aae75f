"""Presses buttons, and says beforehand what would come of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.errors import IntegrityError
from psycopg.rows import TupleRow, dict_row
from psycopg.types.json import Jsonb

from dispatcher.demo.cast import Person
from dispatcher.demo.deeds.deed import Deed, Setting, client_for
from dispatcher.demo.market.ledger import Diary, Moment
from dispatcher.demo.market.marketplace import LOGIN, Marketplace

_EXPLAIN: Final = (
    "select recipient_id, channel, decision, rung, reason, due_at"
    " from postbell.explain(event => %(event)s, recipient => %(recipient)s,"
    " payload => %(payload)s, tenant_id => %(tenant_id)s, audience => %(audience)s,"
    " channels => %(channels)s, forced_channels => %(forced_channels)s,"
    " deliver_at => %(deliver_at)s, subject => %(subject)s, actor => %(actor)s,"
    " priority => %(priority)s)"
)

#: What an event has only if its emitter says so.
_LEFT_OUT: Final = (
    "audience", "channels", "forced_channels", "deliver_at", "subject", "actor", "priority"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An event that was not emitted, and what would be decided about it."""

    event: str
    payload: dict[str, Any]
    #: Rows of postbell.explain().
    decisions: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a button would do."""

    foreseen: Sequence[Foreseen]
    statements: Sequence[str]
    #: The constraint that would object.
    rolled_back_by: str | None


class Presser:
    """One visitor at a time; the marketplace is pressed on a connection of its own.

    `oracle` is a session of the database's owner, in which everything is rolled back.
    """

    def __init__(self, market: Marketplace, oracle: AsyncConnection[TupleRow]) -> None:
        self._market = market
        self._oracle = oracle
        self._turn = asyncio.Lock()

    async def press(self, deed: Deed, person: Person) -> list[Moment]:
        """Do it; the transactions that it took, the last of which is the point."""
        async with self._turn:
            written = self._market.ledger.written
            written.clear()
            with suppress(IntegrityError):
                await deed.play(Setting(self._market, client_for(person)))
            return list(written)

    async def foresee(self, deed: Deed, person: Person) -> Prospect:
        """Do it in a transaction that is rolled back, and ask postbell.explain() before it is."""
        async with self._turn, self._oracle.transaction(force_rollback=True):
            await self._oracle.execute(f"set local role {LOGIN}".encode())
            market = Marketplace(self._oracle, None, Diary())
            with suppress(IntegrityError):
                await deed.play(Setting(market, client_for(person)))
            last = market.ledger.written[-1]
            cursor = self._oracle.cursor(row_factory=dict_row)
            await cursor.execute("reset role")
            await cursor.execute(
                "select * from postbell.outbox where xid = pg_current_xact_id() order by id"
            )
            foreseen = [await self._explain(row) for row in await cursor.fetchall()]
        return Prospect(foreseen, last.statements, last.rolled_back_by)

    async def explain(self, event: str, person: Person, payload: dict[str, Any]) -> Foreseen:
        """Of an event that somebody has in mind, about anything at all."""
        nothing = dict.fromkeys(_LEFT_OUT)
        about = {"event": event, "recipient": person.id, "tenant_id": person.house}
        async with self._turn:
            return await self._explain({**nothing, **about, "payload": payload})

    async def _explain(self, emission: dict[str, Any]) -> Foreseen:
        cursor = self._oracle.cursor(row_factory=dict_row)
        audience = emission["audience"]
        await cursor.execute(
            _EXPLAIN,
            {
                **emission,
                "payload": Jsonb(emission["payload"]),
                "audience": None if audience is None else Jsonb(audience),
            },
        )
        return Foreseen(emission["event"], emission["payload"], await cursor.fetchall())
