"""The story: the buttons in an order, what each must bring to whom, and the check that it did."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from typing import Any, Final

from aiohttp import ClientSession
from psycopg import AsyncConnection

from dispatcher.demo.actions import ACTIONS
from dispatcher.demo.buttons import Buttons
from dispatcher.demo.catchers import Catchers, Caught
from dispatcher.demo.history import Delivery, Entry
from dispatcher.demo.shop import NothingToDoError, People, Person

#: Seconds without anything new after which what has not arrived is missing.
_TIMEOUT: Final = 8.0
#: Seconds that a step has at most before the next one begins.
_PAUSE: Final = 0.8
_INTERVAL: Final = 0.02

#: Whose page is open while the story is told.
_READER: Final = "ada"
_MARKS: Final = {"good": "✓", "busy": "…", "later": "◷", "no": "–", "bad": "✗"}


@dataclass(frozen=True, slots=True)
class Expected:
    """One channel of one person and what must come of it; or without a channel, an event's end.

    `words` must all be found in what arrived: in an inbox item's title and body, in both parts of
    a mail, in a text, in a push. Spaces of any width count as one.
    """

    channel: str | None
    state: str
    #: Its beginning is enough.
    reason: str = ""
    words: tuple[str, ...] = ()
    #: Whose; None for the step's person, "" for nobody's.
    who: str | None = None
    #: Where a step emits several events; None for any.
    event: str | None = None

    def is_about(self, delivery: Delivery) -> bool:
        """Whether it is the same person's, on the same channel."""
        whose = (delivery.recipient_id or "", delivery.channel)
        return whose == (self.who or "", self.channel) and self.event in (None, delivery.event)


class Step:
    """A button pressed for somebody: exactly these deliveries, and no other."""

    def __init__(
        self, who: str, action: str, *expected: Iterable[Expected], **details: object
    ) -> None:
        self.who: Final = who
        self.action: Final = ACTIONS[action]
        self.details: Final = details
        self.expected: Final = [
            replace(one, who=who) if one.who is None else one for group in expected for one in group
        ]


def told(
    channels: str, *words: str, mail: str = "", reason: str = "wanted", **more: Any
) -> list[Expected]:
    """Each of the channels brings it in these words; a mail says a little more."""
    return [
        Expected(
            channel,
            "delivered" if channel == "in_app" else "sent",
            reason,
            (*words, mail) if channel == "email" else words,
            **more,
        )
        for channel in channels.split()
    ]


def not_told(channels: str, reason: str, who: str | None = None) -> list[Expected]:
    return [Expected(channel, "skipped", reason, who=who) for channel in channels.split()]


_USUAL: Final = "in_app email"
_LOUD: Final = "in_app email push"
_CANCELLED: Final = [Expected(None, "cancelled", "cancelled")]
_HOUR: Final = timedelta(hours=1)

STORY: Final = (
    # Orders, with everything that can be in the way.
    Step("ada", "place", told(_USUAL, "Field guide to alpine ferns", mail="£149.00"),
         topic="Field guide to alpine ferns", amount="149.00"),
    Step("ada", "pay", told(_USUAL, "#1001", "£149.00")),
    Step("gus", "place", told(_USUAL, "Atlas of tidal mills", mail="£80.00"),
         topic="Atlas of tidal mills", amount="80.00"),
    # The event was inserted, and then the wallet did not suffice.
    Step("gus", "pay"),
    # What a person types is text, whatever it looks like.
    Step("ben", "place", told("in_app", "Survey of <b>bold</b> & brass type"),
         not_told("email", "switched_off"),
         topic="Survey of <b>bold</b> & brass type", amount="45.50"),
    Step("ben", "receipt", told("email", "£45.50", reason="forced")),
    Step("chiyo", "place", told("in_app", "Night maps of Kyoto"),
         [Expected("email", "waiting", "quiet_hours")],
         topic="Night maps of Kyoto", amount="210.00"),
    Step("dev", "place", told("in_app", "A short history of radio"),
         not_told("email", "no_address"), topic="A short history of radio", amount="30.00"),
    Step("elif", "place", told("in_app", "Tiles of Iznik"),
         not_told("email", "address_suppressed"), topic="Tiles of Iznik", amount="66.00"),
    Step("farid", "place", told("in_app", "Desert plants", reason="muted"),
         not_told("email", "muted"), topic="Desert plants", amount="12.00"),
    Step("ada", "take", told(_LOUD, "Greta Nowak"), not_told(_LOUD, "actor", "greta")),
    Step("helene", "place", told(_USUAL, "Cartographie des vents", mail="1 490,00 €"),
         topic="Cartographie des vents", amount="1490.00"),
    Step("imran", "place", told(_USUAL, "Harbour lights", mail="€55.00"),
         topic="Harbour lights", amount="55.00"),
    Step("helene", "complete-later", told(_USUAL, "terminé"),
         not_told("push", "channel_disabled"), tell_in=timedelta(seconds=2)),
    Step("chiyo", "complete-later", _CANCELLED, tell_in=_HOUR),
    Step("chiyo", "take-back"),
    Step("ada", "bank", told(_USUAL, "Field guide to alpine ferns", "£149.00"),
         [Expected(None, "repeated", "duplicate_of_", who="")]),
    Step("ada", "blunder", [Expected(None, "rejected", "invalid_payload")]),
    # Payments.
    Step("ada", "place", told(_USUAL, "Maps of the moon", mail="£60.00"),
         topic="Maps of the moon", amount="60.00"),
    Step("ada", "decline", told(_LOUD, "£60.00")),
    Step("ada", "invoice", told(_USUAL, "INV-00801", "£60.00")),
    Step("ada", "load", told(_USUAL, "£50.00", "£999,901.00")),
    Step("ada", "due-later", _CANCELLED, remind_in=_HOUR),
    Step("ada", "pay-in-time"),
    Step("ada", "pay", told(_USUAL, "#1010", "£60.00")),
    Step("ada", "refund", told(_USUAL, "£60.00")),
    Step("ada", "donate", told(_USUAL, "£25.00")),
    # The second tenant sends texts for these, by a setting of its own.
    Step("helene", "place", told(_USUAL, "Voyage en ballon", mail="300,00 €"),
         topic="Voyage en ballon", amount="300.00"),
    Step("helene", "due", told("in_app email sms", "100,00 €"), amount="100.00"),
    # Loyalty.
    Step("ada", "award", told("in_app", "60")),
    Step("ada", "climb", told("in_app", "940", event="loyalty.points_awarded"),
         told(_LOUD, "Silver", event="loyalty.tier_upgraded")),
    Step("ada", "milestone", told("in_app", "Ten orders")),
    Step("ada", "badge", told("in_app", "Early bird")),
    Step("ada", "redeem", told(_USUAL, "Enamel mug", mail="MUG-17")),
    Step("ada", "reject", told(_USUAL, "Desk lamp")),
    # The trigger had told of it already when the points did not suffice.
    Step("ada", "redeem-too-much"),
    # Classes.
    Step("ada", "book", told(_USUAL, "Bookbinding", mail="£240.00")),
    Step("ada", "deposit", told(_USUAL, "Bookbinding", "£60.00")),
    Step("ada", "class-due", told(_LOUD, "£60.00", "Bookbinding")),
    Step("ada", "teacher-writes", told("in_app push", "Greta Nowak", "apron"),
         not_told("in_app push", "actor", "greta")),
    Step("ada", "ask-about-classes", told(_USUAL, "Which paper do we need?")),
    Step("ada", "hold-last", told(_USUAL, "Bookbinding")),
    # Tickets.
    Step("ada", "open-ticket", told(_USUAL, "T-502"), told(_USUAL, "T-502", who="sol")),
    Step("ada", "assign-ticket", told(_LOUD, "T-502", who="sol")),
    Step("ada", "reply", told(_LOUD, "T-502", "Sol Vega"), not_told(_LOUD, "actor", "sol")),
    # A note of the staff among themselves is for the staff alone.
    Step("ada", "note", told(_LOUD, "T-502", "Greta Nowak", who="sol")),
    Step("ada", "resolve", told(_USUAL, "T-502")),
    Step("ada", "reopen-ticket", told(_USUAL, "T-502"), told(_USUAL, "T-502", who="sol")),
    Step("ada", "escalate", told("in_app email sms push", "T-502"),
         told("in_app email sms push", "T-502", who="sol")),
)  # fmt: skip


async def play(buttons: Buttons) -> None:
    """Tells the story to whoever looks at the page."""
    for step in STORY:
        # What a visitor has pressed before may leave nothing to do.
        with suppress(NothingToDoError):
            await _press(buttons, step)


async def _press(buttons: Buttons, step: Step) -> Entry:
    """Presses a button, and waits briefly for what comes of it."""
    entry = await buttons.press(step.action, buttons.people[step.who], **step.details)
    for _ in range(int(_PAUSE / _INTERVAL)):
        if entry.is_settled:
            break
        await asyncio.sleep(_INTERVAL)
    return entry


class Check:
    """Plays the story once, prints what came of it, and says what is not as it should be."""

    def __init__(
        self,
        buttons: Buttons,
        catchers: Catchers,
        owner: AsyncConnection[Any],
        page_url: str,
        token_of: Callable[[Person], str],
        *,
        catches_mail: bool,
    ) -> None:
        self._buttons: Final = buttons
        self._catchers: Final = catchers
        self._owner: Final = owner
        self._url: Final = page_url
        self._token_of: Final = token_of
        self._caught: Final = ("email", "sms", "push") if catches_mail else ("sms", "push")
        self._told: Final[list[tuple[Step, Entry]]] = []
        self._printed = 0
        #: Notifications on the open page of Ada, who is told most.
        self._frames: Final[list[bytes]] = []

    async def run(self, events: Collection[str]) -> int:
        """0 if everything that was to arrive did, and nothing else."""
        async with ClientSession() as session:
            is_open = asyncio.Event()
            reader = asyncio.create_task(self._read_stream(session, is_open))
            await asyncio.wait_for(is_open.wait(), 30)
            for step in STORY:
                self._told.append((step, await _press(self._buttons, step)))
                self._print_true()
            complaints = await self._await_the_end()
            complaints += [*await self._wrong_words(), *self._miscounted()]
            complaints += [*await self._leftovers(), *await self._gateway(session)]
            reader.cancel()
        told_of = {each.event for each in self._deliveries()}
        complaints += [f"{event} did not occur" for event in events if event not in told_of]
        print(f"\n{self._sums()}")
        if complaints:
            print("\nThis is not as it should be:", *complaints, sep="\n  ")
            return 1
        arrived = sum(each.has_arrived for each in self._deliveries())
        print(f"\nAll {len(told_of)} events occurred.")
        print(f"Everything that should arrive did, {arrived} of {arrived}; nothing else.")
        return 0

    def _deliveries(self) -> Iterator[Delivery]:
        for _, entry in self._told:
            yield from entry.deliveries

    def _print_true(self, *, is_over: bool = False) -> list[str]:
        """Prints the steps in their order, each when it has come true. What is broken so far."""
        people = self._buttons.people
        broken = [[*broken_promises(step, entry, people)] for step, entry in self._told]
        while self._printed < len(broken) and (is_over or not broken[self._printed]):
            step, entry = self._told[self._printed]
            _show(entry, people[step.who].tenant_name, people)
            self._printed += 1
        return [sentence for sentences in broken for sentence in sentences]

    async def _await_the_end(self) -> list[str]:
        """Waits while anything changes that is not as it should be. What is broken then."""
        history = self._buttons.history
        loop = asyncio.get_running_loop()
        deadline, version = 0.0, -1
        while self._print_true():
            if version != history.version:
                deadline, version = loop.time() + _TIMEOUT, history.version
            elif loop.time() > deadline:
                return self._print_true(is_over=True)
            await asyncio.sleep(_INTERVAL * 10)
        return []

    async def _wrong_words(self) -> list[str]:
        """A sentence for each message that does not say what it should.

        Reads the inbox itself and what was caught, not what the delivery log says of them.
        """
        people = self._buttons.people
        cursor = await self._owner.execute("select id, title, body from postbell.inbox")
        items = {row[0]: f"{row[1]} {row[2]}" for row in await cursor.fetchall()}
        return [
            f"{entry.transaction.title}: {_named(expected, people)} does not say {word!r}"
            for step, entry in self._told
            for expected in step.expected
            for delivery in entry.deliveries
            # Mails that went to a mail server of the visitor's cannot be read.
            if expected.is_about(delivery) and delivery.channel in ("in_app", *self._caught)
            for part in _parts(delivery.caught) or [items.get(delivery.delivery_id, "")]
            for word in expected.words
            if _plain(word) not in _plain(part)
        ]

    def _miscounted(self) -> Iterator[str]:
        """A sentence for each channel on which more or less was caught than was to arrive."""
        caught = Tally(each.channel for each in self._catchers.caught)
        sent = Tally(each.channel for each in self._deliveries() if each.has_arrived)
        for channel in self._caught:
            if caught[channel] != sent[channel]:
                yield f"{channel}: {caught[channel]} were caught instead of {sent[channel]}"

    async def _leftovers(self) -> list[str]:
        """A sentence if anything of a transaction that was rolled back is anywhere."""
        rolled_back = [
            entry.transaction.xid
            for _, entry in self._told
            if entry.transaction.rolled_back_by is not None
        ]
        cursor = await self._owner.execute(
            "select id from postbell.outbox where xid::text::bigint = any(%(xids)s)"
            " union select id from postbell_private.notification"
            " where xid::text::bigint = any(%(xids)s)",
            {"xids": rolled_back},
        )
        left = await cursor.fetchall()
        if not rolled_back:
            return ["nothing was rolled back, so that was not shown"]
        return [f"event {number} was rolled back and is there" for (number,) in left]

    async def _gateway(self, session: ClientSession) -> list[str]:
        """A sentence if an inbox or the open page has not what arrived, or our page no card."""
        arrived = Tally(
            (each.channel, each.recipient_id) for each in self._deliveries() if each.has_arrived
        )
        sentences = []
        for person in self._buttons.people.values():
            expected = arrived["in_app", person.id]
            url = f"{self._url}/v1/inbox?limit=100"
            async with session.get(url, headers=self._as(person)) as answer:
                shown = len((await answer.json())["items"])
            if shown != expected:
                sentences.append(f"{person.name}'s inbox has {shown} items instead of {expected}")
        if len(self._frames) != arrived["sse", _READER]:
            expected = arrived["sse", _READER]
            sentences.append(f"the open page got {len(self._frames)} frames instead of {expected}")
        async with session.get(self._url) as answer:
            page = await answer.text()
        last = self._told[-1][1]
        if f'id="transaction-{last.number}"' not in page:
            sentences.append("the page does not show the last transaction")
        return sentences

    async def _read_stream(self, session: ClientSession, is_open: asyncio.Event) -> None:
        """Reads the stream of an open page, as the bell does."""
        url, reader = f"{self._url}/v1/stream", self._buttons.people[_READER]
        async with session.get(url, headers=self._as(reader)) as answer:
            async for line in answer.content:
                is_open.set()
                if line == b"event: notification\n":
                    self._frames.append(line)

    def _as(self, person: Person) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token_of(person)}"}

    def _sums(self) -> str:
        """How often everything happened, in one line."""
        ends = Tally(entry.transaction.rolled_back_by is None for _, entry in self._told)
        channels = Tally(each.channel for each in self._deliveries() if each.has_arrived)
        states = Tally(each.state for each in self._deliveries() if not each.has_arrived)
        counts = [("committed", ends[True]), ("rolled back", ends[False])]
        return "   ".join(
            f"{number} {name}" for name, number in (*counts, *channels.items(), *states.items())
        )


def broken_promises(step: Step, entry: Entry, people: People) -> Iterator[str]:
    """A sentence for each expectation that is not met, and each delivery that nobody expected."""
    # What an open page is told is counted where it is read.
    left = [each for each in entry.deliveries if each.channel != "sse"]
    title = entry.transaction.title
    for expected in step.expected:
        found = next((each for each in left if expected.is_about(each)), None)
        wanted = f"{title}: {_named(expected, people)} should be {_as(expected)}"
        if found is None:
            yield f"{wanted}, and nothing is known of it"
            continue
        left.remove(found)
        if found.state != expected.state or not (found.reason or "").startswith(expected.reason):
            yield f"{wanted}, and is {_as(found)}"
    for each in left:
        yield f"{title}: {_named(each, people)} was not to be told, and is {_as(each)}"


def _show(entry: Entry, tenant_name: str, people: People) -> None:
    """Prints a transaction, and who heard of it."""
    transaction = entry.transaction
    print(f"{transaction.at:%H:%M:%S} {transaction.title}  {entry.outcome[0]}  {tenant_name}")
    for each in entry.deliveries:
        if each.channel == "sse":
            continue
        took = "" if each.ms is None else f" {each.ms:6} ms"
        what = "  ".join(filter(None, [each.headline, each.why]))
        who = _name(each.recipient_id, people) or "nobody"
        line = f"{who:<16} {each.channel or 'event':<6} {each.state:<9}{took}  {what}"
        print(f"    {_MARKS[each.tone]} {line.rstrip()}", flush=True)


def _parts(caught: Caught | None) -> list[str]:
    """What a person reads of it; a mail has two parts, which say the same."""
    if caught is None:
        return []
    parts = [caught.text] if caught.html is None else [caught.text, unescape(caught.html)]
    return [f"{caught.title} {part}" for part in parts]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _named(what: Expected | Delivery, people: People) -> str:
    who = what.who if isinstance(what, Expected) else what.recipient_id
    return f"{what.channel or 'the event'} to {_name(who, people) or 'anybody'}"


def _name(who: str | None, people: People) -> str:
    """A person's name, or the id of somebody who is not ours; empty for nobody."""
    return people[who].name if who and who in people else who or ""


def _as(what: Expected | Delivery) -> str:
    return f"{what.state} ({what.reason})" if what.reason else what.state
