"""Pressing a button, and asking beforehand what would come of it."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from psycopg import AsyncConnection

from dispatcher.demo.actions import Action
from dispatcher.demo.history import Entry, History, read
from dispatcher.demo.shop import LOGIN, People, Person, Transaction, transact


class Buttons:
    """All of them, for one visitor at a time.

    `shop` logs in as the application; `owner` and `oracle` are of the database's owner, and in
    `oracle` everything is rolled back.
    """

    def __init__(
        self,
        shop: AsyncConnection[Any],
        owner: AsyncConnection[Any],
        oracle: AsyncConnection[Any],
        people: People,
        history: History,
    ) -> None:
        self.people: Final = people
        self.history: Final = history
        self._shop: Final = shop
        self._owner: Final = owner
        self._oracle: Final = oracle
        self._turn: Final = asyncio.Lock()

    async def press(self, action: Action, person: Person, **details: object) -> Entry:
        """Does it. `details` are keywords of the action's. Raises NothingToDoError."""
        async with self._turn:
            client = self.client_of(person)
            transaction = await transact(self._shop, self.people, client, action.with_(**details))
            transaction.outbox_ids = await _emitted(self._owner, transaction)
            return self.history.add(transaction)

    async def what_if(self, action: Action, person: Person) -> Entry:
        """Does it in a transaction that is rolled back. Raises NothingToDoError."""
        async with self._turn, self._oracle.transaction(force_rollback=True):
            await self._oracle.execute(f"set local role {LOGIN}".encode())
            client = self.client_of(person)
            transaction = await transact(self._oracle, self.people, client, action.with_())
            await self._oracle.execute("reset role")
            transaction.outbox_ids = await _emitted(self._oracle, transaction)
            deliveries = await read(self._oracle, transaction.outbox_ids)
            for each in deliveries:
                each.state = "now" if each.state == "queued" else each.state
            return Entry(0, transaction, deliveries)

    async def find_other_events(self) -> None:
        """Adds to the history what others have emitted."""
        async with self._turn:
            await self.history.add_other_events()

    def client_of(self, person: Person) -> Person:
        """On whose behalf: the person's own, or for staff that of a client of theirs."""
        if not person.roles:
            return person
        ours = (each for each in self.people.values() if each.tenant_id == person.tenant_id)
        return next(each for each in ours if not each.roles)


async def _emitted(connection: AsyncConnection[Any], transaction: Transaction) -> list[int]:
    cursor = await connection.execute(
        "select id from postbell.outbox where xid = %s::text::xid8 order by id", [transaction.xid]
    )
    return [int(number) for (number,) in await cursor.fetchall()]
