"""Classes: booked, paid for in parts, talked about, and held."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from dispatcher.demo.cast import ADA, GRETA
from dispatcher.demo.market.marketplace import Marketplace
from dispatcher.demo.story.promise import Scene, not_told, scene, told

_USUAL: Final = "in_app email"


async def classes(market: Marketplace) -> AsyncIterator[Scene]:
    """One bundle, from the first day to the last."""
    diary, at = market.diary, market.classes

    binding = await at.sell(ADA, "Bookbinding", 8, "240.00", "60.00")
    yield scene(diary, told(ADA, _USUAL, binding.name, mail="£240.00"))
    await at.pay_deposit(binding)
    yield scene(diary, told(ADA, _USUAL, binding.name, "£60.00"))
    await market.installments.agree(binding, "60.00", number=2)
    yield scene(diary, told(ADA, "in_app email push", "£60.00", binding.name))
    await at.write(binding, GRETA, GRETA, "Please bring an apron on Tuesday.")
    yield scene(
        diary,
        told(ADA, "in_app push", GRETA.name, "apron"),
        not_told(GRETA, "in_app push", "actor"),
    )
    await market.tickets.open(ADA, "Which paper do we need?", about=binding)
    yield scene(diary, told(ADA, _USUAL, "Which paper do we need?"))
    await at.hold_all(binding)
    yield scene(diary, told(ADA, _USUAL, binding.name))
