"""Loyalty: told of by the tables' own triggers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from psycopg.errors import IntegrityError

from dispatcher.demo.cast import ADA
from dispatcher.demo.market.marketplace import Marketplace
from dispatcher.demo.story.promise import Scene, scene, told

_USUAL: Final = "in_app email"


async def loyalty(market: Marketplace) -> AsyncIterator[Scene]:
    """Points, and what they are good for."""
    diary, at = market.diary, market.loyalty

    await at.award(ADA, 60, "For the review that you wrote")
    yield scene(diary, told(ADA, "in_app", "60"))
    await at.award(ADA, 940, "For a year with us")
    yield scene(
        diary,
        told(ADA, "in_app", "940", event="loyalty.points_awarded"),
        told(ADA, "in_app email push", "Silver", event="loyalty.tier_upgraded"),
    )
    await at.reach_milestone(ADA, "Ten orders", 100)
    yield scene(diary, told(ADA, "in_app", "Ten orders"))
    await at.award_badge(ADA, "Early bird", "Ordered before seven o'clock")
    yield scene(diary, told(ADA, "in_app", "Early bird"))

    # Asking is no event; the answer is.
    mug = await at.request(ADA, "Enamel mug", 150)
    yield scene(diary)
    await at.approve(mug, "MUG-17")
    yield scene(diary, told(ADA, _USUAL, "Enamel mug", mail="MUG-17"))
    lamp = await at.request(ADA, "Desk lamp", 400)
    yield scene(diary)
    await at.reject(lamp, "The lamps have all been given away.")
    yield scene(diary, told(ADA, _USUAL, "Desk lamp"))

    # The trigger had told of it already when the points did not suffice.
    boat = await at.request(ADA, "Sailing boat", 900_000)
    yield scene(diary)
    with suppress(IntegrityError):
        await at.approve(boat, "BOAT-1")
    yield scene(diary)
