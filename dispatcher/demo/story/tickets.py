"""Support tickets: told of by the tables' own triggers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from dispatcher.demo.cast import ADA, SOL
from dispatcher.demo.market.marketplace import Marketplace
from dispatcher.demo.story.promise import Scene, not_told, scene, told

_USUAL: Final = "in_app email"
_LOUD: Final = "in_app email push"


async def tickets(market: Marketplace) -> AsyncIterator[Scene]:
    """A question, and everything that can become of it."""
    diary, at = market.diary, market.tickets

    parcel = await at.open(ADA, "Where is my parcel?")
    yield scene(diary, told(ADA, _USUAL, parcel.number), told(SOL, _USUAL, parcel.number))
    parcel = await at.assign(parcel, SOL)
    yield scene(diary, told(SOL, _LOUD, parcel.number))
    await at.reply(parcel, SOL, "It left us this morning.")
    yield scene(diary, told(ADA, _LOUD, parcel.number, SOL.name), not_told(SOL, _LOUD, "actor"))
    # A note of the staff among themselves is for the staff alone.
    await at.reply(parcel, SOL, "Between us: I forgot it.", is_internal=True)
    yield scene(diary, not_told(SOL, _LOUD, "actor"))
    await at.resolve(parcel, SOL, "The parcel has come.")
    yield scene(diary, told(ADA, _USUAL, parcel.number))
    await at.reopen(parcel)
    yield scene(diary, told(ADA, _USUAL, parcel.number), told(SOL, _USUAL, parcel.number))
    await at.escalate(parcel, "The head of support", "It came empty.")
    yield scene(
        diary,
        told(ADA, "in_app email sms push", parcel.number),
        told(SOL, "in_app email sms push", parcel.number),
    )
