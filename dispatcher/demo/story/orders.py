"""Orders: the ways in which one transaction after another reaches people, or does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Final

from psycopg.errors import IntegrityError

from dispatcher.demo.cast import ADA, BEN, CHIYO, DEV, ELIF, FARID, GRETA, GUS, HELENE, IMRAN
from dispatcher.demo.market.marketplace import Marketplace
from dispatcher.demo.story.promise import Promise, Scene, not_told, scene, taken_back, told

#: The scheduled event of the story comes due after so long.
SOON: Final = timedelta(seconds=2)

_USUAL: Final = "in_app email"


async def orders(market: Marketplace) -> AsyncIterator[Scene]:
    """Placed, paid, assigned, completed; with everything that can be in the way."""
    diary, at, payments = market.diary, market.orders, market.payments

    fern = await at.place(ADA, "Field guide to alpine ferns", "149.00")
    yield scene(diary, told(ADA, _USUAL, fern.topic, mail="£149.00"))
    await payments.pay(fern)
    yield scene(diary, told(ADA, _USUAL, f"#{fern.id}", "£149.00"))

    # Nothing but a rollback: the event was inserted, and then the wallet did not suffice.
    atlas = await at.place(GUS, "Atlas of tidal mills", "80.00")
    yield scene(diary, told(GUS, _USUAL, atlas.topic, mail="£80.00"))
    with suppress(IntegrityError):
        await payments.pay(atlas)
    yield scene(diary)

    # What a person types is text, whatever it looks like.
    survey = await at.place(BEN, "Survey of <b>bold</b> & brass type", "45.50")
    yield scene(diary, told(BEN, "in_app", survey.topic), not_told(BEN, "email", "switched_off"))
    await payments.send_receipt(survey)
    yield scene(diary, [Promise(BEN.id, "email", "sent", "forced", ("£45.50",))])

    maps = await at.place(CHIYO, "Night maps of Kyoto", "210.00")
    yield scene(
        diary,
        told(CHIYO, "in_app", maps.topic),
        [Promise(CHIYO.id, "email", "waiting", "quiet_hours")],
    )
    radio = await at.place(DEV, "A short history of radio", "30.00")
    yield scene(diary, told(DEV, "in_app", radio.topic), not_told(DEV, "email", "no_address"))
    tiles = await at.place(ELIF, "Tiles of Iznik", "66.00")
    yield scene(
        diary, told(ELIF, "in_app", tiles.topic), not_told(ELIF, "email", "address_suppressed")
    )
    plants = await at.place(FARID, "Desert plants", "12.00")
    yield scene(
        diary,
        [Promise(FARID.id, "in_app", "delivered", "muted", (plants.topic,))],
        not_told(FARID, "email", "muted"),
    )

    await at.assign(fern, GRETA, by=GRETA)
    yield scene(
        diary,
        told(ADA, "in_app email push", GRETA.name),
        not_told(GRETA, "in_app email push", "actor"),
    )

    winds = await at.place(HELENE, "Cartographie des vents", "1490.00")
    yield scene(diary, told(HELENE, _USUAL, winds.topic, mail="1 490,00 €"))
    harbour = await at.place(IMRAN, "Harbour lights", "55.00")
    yield scene(diary, told(IMRAN, _USUAL, harbour.topic, mail="€55.00"))

    await at.complete(winds, tell_in=SOON)
    yield scene(diary, told(HELENE, "in_app email push", "terminé"))
    await at.complete(maps, tell_in=timedelta(hours=1))
    yield scene(diary, taken_back(CHIYO))
    await at.reopen(maps)
    yield scene(diary)

    await payments.hear_of_payment(fern, key=f"bank:{fern.id}")
    yield scene(diary, told(ADA, _USUAL, fern.topic, "£149.00"))
    await payments.hear_of_payment(fern, key=f"bank:{fern.id}")
    yield scene(diary, [Promise(None, None, "repeated", "duplicate_of_")])

    await payments.blunder(fern)
    yield scene(diary, [Promise(ADA.id, None, "rejected", "invalid_payload")])
