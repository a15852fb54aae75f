"""The story that the demo tells: transactions, and what each promises to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from psycopg.errors import IntegrityError

from dispatcher.demo.cast import (
    ADA,
    BEN,
    CHIYO,
    DEV,
    ELIF,
    FARID,
    GRETA,
    GUS,
    HELENE,
    IMRAN,
    Person,
)
from dispatcher.demo.chronicle import Fate
from dispatcher.demo.market.ledger import Moment
from dispatcher.demo.market.marketplace import Marketplace

#: The scheduled event of the story comes due after so long.
SOON: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Promise:
    """One channel of one person and what must come of it; or with neither, an event's own end.

    `words` must all be found in what arrived: in an inbox item's title and body, in both parts of
    a mail. Spaces of any width count as one.
    """

    recipient_id: str | None
    channel: str | None
    state: str
    #: None where any will do; the beginning is enough.
    reason: str | None = None
    words: tuple[str, ...] = ()

    def is_kept_by(self, fate: Fate) -> bool:
        """Whether state and reason are as promised; the words are for who has read them."""
        return self.state == fate.state and (
            self.reason is None or (fate.reason or "").startswith(self.reason)
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """A moment of the story: exactly these promises, no delivery more."""

    moment: Moment
    promises: Sequence[Promise]


async def tell(market: Marketplace) -> AsyncIterator[Scene]:
    """Plays the story, scene by scene."""
    orders, payments = market.orders, market.payments

    def scene(*promises: Sequence[Promise]) -> Scene:
        return Scene(market.diary.moments[-1], [one for group in promises for one in group])

    fern = await orders.place(ADA, "Field guide to alpine ferns", "149.00")
    yield scene(_reaches(ADA, fern.topic, mail="£149.00"))
    await payments.pay(fern)
    yield scene(_reaches(ADA, f"#{fern.id}", "£149.00"))

    # Nothing but a rollback: the event was inserted, and then the wallet did not suffice.
    atlas = await orders.place(GUS, "Atlas of tidal mills", "80.00")
    yield scene(_reaches(GUS, atlas.topic, mail="£80.00"))
    with suppress(IntegrityError):
        await payments.pay(atlas)
    yield scene()

    # What a person types is text, whatever it looks like.
    survey = await orders.place(BEN, "Survey of <b>bold</b> & brass type", "45.50")
    yield scene(_inbox(BEN, survey.topic), _no_mail(BEN, "switched_off"))
    await payments.send_receipt(survey)
    yield scene(_mail(BEN, "£45.50", reason="forced"))

    maps = await orders.place(CHIYO, "Night maps of Kyoto", "210.00")
    yield scene(_inbox(CHIYO, maps.topic), _mail_waits(CHIYO, "quiet_hours"))
    radio = await orders.place(DEV, "A short history of radio", "30.00")
    yield scene(_inbox(DEV, radio.topic), _no_mail(DEV, "no_address"))
    tiles = await orders.place(ELIF, "Tiles of Iznik", "66.00")
    yield scene(_inbox(ELIF, tiles.topic), _no_mail(ELIF, "address_suppressed"))
    plants = await orders.place(FARID, "Desert plants", "12.00")
    yield scene(_inbox(FARID, plants.topic, reason="muted"), _no_mail(FARID, "muted"))

    await orders.assign(fern, GRETA, by=GRETA)
    yield scene(
        _reaches(ADA, GRETA.name),
        _no(ADA, "push", "no_address"),
        *(_no(GRETA, channel, "actor") for channel in ("in_app", "email", "push")),
    )

    winds = await orders.place(HELENE, "Cartographie des vents", "1490.00")
    yield scene(_reaches(HELENE, winds.topic, mail="1 490,00 €"))
    harbour = await orders.place(IMRAN, "Harbour lights", "55.00")
    yield scene(_reaches(IMRAN, harbour.topic, mail="€55.00"))

    await orders.complete(winds, tell_in=SOON)
    yield scene(_reaches(HELENE, "terminé"), _no(HELENE, "push", "channel_disabled"))
    await orders.complete(maps, tell_in=timedelta(hours=1))
    yield scene([Promise(None, None, "cancelled", "cancelled")])
    await orders.reopen(maps)
    yield scene()

    await payments.hear_of_payment(fern, key=f"bank:{fern.id}")
    yield scene(_reaches(ADA, fern.topic, "£149.00"))
    await payments.hear_of_payment(fern, key=f"bank:{fern.id}")
    yield scene([Promise(None, None, "repeated", "duplicate_of_")])

    await payments.blunder(fern)
    yield scene([Promise(ADA.id, None, "rejected", "invalid_payload")])


def _reaches(person: Person, *words: str, mail: str = "") -> list[Promise]:
    """Inbox and mailbox, both with these words; the mail says a little more."""
    return [*_inbox(person, *words), *_mail(person, *words, mail)]


def _inbox(person: Person, *words: str, reason: str = "wanted") -> list[Promise]:
    return [Promise(person.id, "in_app", "delivered", reason, words)]


def _mail(person: Person, *words: str, reason: str = "wanted") -> list[Promise]:
    return [Promise(person.id, "email", "sent", reason, words)]


def _mail_waits(person: Person, reason: str) -> list[Promise]:
    return [Promise(person.id, "email", "waiting", reason)]


def _no_mail(person: Person, reason: str) -> list[Promise]:
    return _no(person, "email", reason)


def _no(person: Person, channel: str, reason: str) -> list[Promise]:
    return [Promise(person.id, channel, "skipped", reason)]
