"""Pressing a button: the service that it calls, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

from psycopg import AsyncConnection, errors

from dispatcher.demo.history import History, Transaction
from dispatcher.demo.shop import NothingToDoError, People, Person, Shop
from dispatcher.demo.story import STORY, Button, Step

#: Seconds between two looks at a step of the story, and looks until the next one begins anyway.
_INTERVAL: Final = 0.02
_LONGEST_WAIT: Final = 40


class Buttons:
    """All of them, for one visitor at a time. The connection logs in as the application."""

    def __init__(self, connection: AsyncConnection[Any], people: People, history: History) -> None:
        self.people: Final = people
        self.history: Final = history
        self._connection: Final = connection
        self._turn: Final = asyncio.Lock()

    async def press(self, button: Button, person: Person, **details: object) -> Transaction:
        """Calls the service. If a constraint objects, nothing of it ever happened.

        `details` are keywords of the service's. Raises NothingToDoError.
        """
        shop = Shop(self._connection, self.people, self.client_of(person))
        done = Transaction(statements=shop.statements)
        async with self._turn:
            try:
                async with self._connection.transaction():
                    cursor = await self._connection.execute(
                        "select pg_current_xact_id()::text::bigint"
                    )
                    ((done.xid,),) = await cursor.fetchall()
                    said = await button.service(shop, **{**button.details, **details})
                done.note = said if isinstance(said, str) else button.note
            except errors.IntegrityError as objection:
                done.rolled_back_by = objection.diag.constraint_name or str(objection)
            names = {part: shop.person(part).name for part in ("client", "writer", "support")}
            done.title = button.title.format(**names, **shop.latest)
            await self.history.add(done)
        return done

    async def play(self) -> AsyncIterator[tuple[Step, Transaction]]:
        """Tells the story, each step when the one before has had time to come true."""
        for step in STORY:
            # What a visitor has pressed before may leave nothing to do.
            with suppress(NothingToDoError):
                done = await self.press(step.button, self.people[step.who], **step.details)
                for _ in range(_LONGEST_WAIT):
                    if done.is_settled:
                        break
                    await asyncio.sleep(_INTERVAL)
                yield step, done

    def client_of(self, person: Person) -> Person:
        """On whose behalf: the person's own, or for staff that of a client of theirs."""
        if not person.roles:
            return person
        ours = (each for each in self.people.values() if each.tenant_id == person.tenant_id)
        return next(each for each in ours if not each.roles)
