"""`postbell demo --once`: plays the story, and checks that everything came of it that should."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import ClientSession
from psycopg import AsyncConnection

from dispatcher.demo.buttons import Buttons
from dispatcher.demo.catchers import Catcher
from dispatcher.demo.history import Delivery, Transaction
from dispatcher.demo.page import Page
from dispatcher.demo.shop import People, Person
from dispatcher.demo.story import BUTTONS, STORY, Expected, Step

#: Seconds without anything new after which what has not arrived is missing.
_TIMEOUT: Final = 8.0
_INTERVAL: Final = 0.2

#: Whose page is open while the story is told: she is told most.
_READER: Final = "ada"
_MARKS: Final = {"good": "✓", "busy": "…", "later": "◷", "no": "–", "bad": "✗"}


@dataclass
class Check:
    """Plays the story once, prints what came of it, and says what is not as it should be.

    `caught` are the channels whose messages end in the catcher.
    """

    buttons: Buttons
    catcher: Catcher
    owner: AsyncConnection[Any]
    page: Page
    url: str
    caught: Collection[str]
    told: list[tuple[Step, Transaction]] = field(default_factory=list)
    printed: int = 0
    #: Notifications on the reader's open page.
    frames: int = 0

    async def run(self) -> int:
        """0 if everything that was to arrive did, and nothing else."""
        async with ClientSession() as session:
            is_open = asyncio.Event()
            reader = asyncio.create_task(self._read_stream(session, is_open))
            async with asyncio.timeout(30):
                await is_open.wait()
            async for told in self.buttons.play():
                self.told.append(told)
                self._print_true()
            complaints = await self._await_the_end()
            complaints += [*self._miscounted(), *await self._leftovers()]
            complaints += await self._gateway(session)
            reader.cancel()
        events = {button.event for button in BUTTONS.values()}
        missing = events - {each.event for each in self._deliveries()}
        complaints += [f"{event} did not occur" for event in sorted(missing)]
        print(f"\n{self._sums()}")
        if complaints:
            print("\nThis is not as it should be:", *complaints, sep="\n  ")
            return 1
        arrived = sum(each.has_arrived for each in self._deliveries())
        print(f"\nAll {len(events)} events occurred.")
        print(f"Everything that should arrive did, {arrived} of {arrived}; nothing else.")
        return 0

    def _deliveries(self) -> Iterator[Delivery]:
        for _, transaction in self.told:
            yield from transaction.deliveries

    def _print_true(self, *, is_over: bool = False) -> list[str]:
        """Prints the steps in their order, each when it has come true. What is broken so far."""
        people = self.buttons.people
        broken = [[*broken_promises(*told, people, self.caught)] for told in self.told]
        while self.printed < len(broken) and (is_over or not broken[self.printed]):
            _show(*self.told[self.printed], people)
            self.printed += 1
        return [sentence for sentences in broken for sentence in sentences]

    async def _await_the_end(self) -> list[str]:
        """Waits while anything changes that is not as it should be. What is broken then."""
        history = self.buttons.history
        loop = asyncio.get_running_loop()
        deadline, changes = 0.0, -1
        while self._print_true():
            if changes != history.changes:
                deadline, changes = loop.time() + _TIMEOUT, history.changes
            elif loop.time() > deadline:
                return self._print_true(is_over=True)
            await asyncio.sleep(_INTERVAL)
        return []

    def _miscounted(self) -> Iterator[str]:
        """A sentence for each channel on which more or less was caught than was to arrive."""
        caught = Tally(each.channel for each in self.catcher.caught)
        sent = Tally(each.channel for each in self._deliveries() if each.has_arrived)
        for channel in self.caught:
            if caught[channel] != sent[channel]:
                yield f"{channel}: {caught[channel]} were caught instead of {sent[channel]}"
        if len(self.told) != len(STORY):
            yield f"{len(STORY) - len(self.told)} steps of the story had nothing to do"

    async def _leftovers(self) -> list[str]:
        """A sentence if anything of a transaction that was rolled back is anywhere."""
        rolled_back = [done.xid for _, done in self.told if done.rolled_back_by is not None]
        cursor = await self.owner.execute(
            "select id from postbell.outbox where xid::text::bigint = any(%(xids)s)"
            " union select id from postbell_private.notification"
            " where xid::text::bigint = any(%(xids)s)",
            {"xids": rolled_back},
        )
        return [
            f"event {number} was rolled back and is there" for (number,) in await cursor.fetchall()
        ]

    async def _gateway(self, session: ClientSession) -> list[str]:
        """A sentence if an inbox or the open page has not what arrived, or our page no card."""
        arrived = Tally(
            (each.channel, each.recipient_id) for each in self._deliveries() if each.has_arrived
        )
        found = {f"{_READER}'s open page": (self.frames, arrived["sse", _READER])}
        for person in self.buttons.people.values():
            url = f"{self.url}/v1/inbox?limit=100"
            async with session.get(url, headers=self._as(person)) as answer:
                shown = len((await answer.json())["items"])
            found[f"{person.name}'s inbox"] = (shown, arrived["in_app", person.id])
        async with session.get(self.url) as answer:
            cards = (await answer.text()).count(f'id="transaction-{self.told[-1][1].number}"')
        found["the page's last card"] = (cards, 1)
        return [
            f"{where}: {shown} instead of {expected}"
            for where, (shown, expected) in found.items()
            if shown != expected
        ]

    async def _read_stream(self, session: ClientSession, is_open: asyncio.Event) -> None:
        """Reads the stream of an open page, as the bell does."""
        url, reader = f"{self.url}/v1/stream", self.buttons.people[_READER]
        async with session.get(url, headers=self._as(reader)) as answer:
            async for line in answer.content:
                is_open.set()
                self.frames += line == b"event: notification\n"

    def _as(self, person: Person) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.page.token_of(person)}"}

    def _sums(self) -> str:
        """How often everything happened, in one line."""
        ends = Tally(done.rolled_back_by is None for _, done in self.told)
        channels = Tally(each.channel for each in self._deliveries() if each.has_arrived)
        states = Tally(each.state for each in self._deliveries() if not each.has_arrived)
        counts = [("committed", ends[True]), ("rolled back", ends[False])]
        return "   ".join(
            f"{number} {name}" for name, number in (*counts, *channels.items(), *states.items())
        )


def broken_promises(
    step: Step, transaction: Transaction, people: People, caught: Collection[str]
) -> Iterator[str]:
    """A sentence for each expectation that is not met, and each delivery that nobody expected."""
    # What an open page is told is counted where it is read.
    left = [each for each in transaction.deliveries if each.channel != "sse"]
    for expected in step.expected:
        whose = (expected.who or None, expected.channel)
        found = [each for each in left if (each.recipient_id, each.channel) == whose]
        found = [each for each in found if expected.event in (None, each.event)]
        wanted = f"{transaction.title}: {_named(*whose, people)} should be {_as(expected)}"
        if not found:
            yield f"{wanted}, and nothing is known of it"
            continue
        came = found[0]
        left.remove(came)
        if came.state != expected.state or not (came.reason or "").startswith(expected.reason):
            yield f"{wanted}, and is {_as(came)}"
        # Mails that went to a mail server of the visitor's cannot be read.
        elif came.has_arrived and came.channel in ("in_app", *caught):
            for word in expected.words:
                if not all(_plain(word) in _plain(part) for part in came.parts):
                    yield f"{wanted}, and does not say {word!r}"
    for each in left:
        named = _named(each.recipient_id, each.channel, people)
        yield f"{transaction.title}: {named} was not to be told, and is {_as(each)}"


def _show(step: Step, transaction: Transaction, people: People) -> None:
    """Prints a transaction, and who heard of it."""
    where = people[step.who].tenant_name
    print(f"{transaction.at:%H:%M:%S} {transaction.title}  {transaction.outcome[0]}  {where}")
    for each in transaction.deliveries:
        if each.channel == "sse":
            continue
        took = "" if each.ms is None else f" {each.ms:6} ms"
        what = "  ".join(filter(None, [each.headline, each.why]))
        who = _name(each.recipient_id, people) or "nobody"
        line = f"{who:<16} {each.channel or 'event':<6} {each.state:<9}{took}  {what}"
        print(f"    {_MARKS[each.tone]} {line.rstrip()}", flush=True)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _named(who: str | None, channel: str | None, people: People) -> str:
    return f"{channel or 'the event'} to {_name(who, people) or 'anybody'}"


def _name(who: str | None, people: People) -> str:
    """A person's name, or the id of somebody who is not ours; empty for nobody."""
    return people[who].name if who and who in people else who or ""


def _as(what: Expected | Delivery) -> str:
    return f"{what.state} ({what.reason})" if what.reason else what.state
