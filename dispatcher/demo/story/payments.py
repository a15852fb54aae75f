"""Money: what is declined, given back, owed and reminded of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from dispatcher.demo.cast import ADA, HELENE
from dispatcher.demo.market.marketplace import Marketplace
from dispatcher.demo.story.promise import Scene, scene, taken_back, told

_USUAL: Final = "in_app email"


async def payments(market: Marketplace) -> AsyncIterator[Scene]:
    """What follows an order that is not simply paid."""
    diary, till = market.diary, market.payments

    moon = await market.orders.place(ADA, "Maps of the moon", "60.00")
    yield scene(diary, told(ADA, _USUAL, moon.topic, mail="£60.00"))
    await till.fail(moon, "The card has expired.")
    yield scene(diary, told(ADA, "in_app email push", "£60.00"))
    invoice = await till.invoice(moon)
    yield scene(diary, told(ADA, _USUAL, invoice.invoice_number, "£60.00"))
    await till.load_wallet(ADA, "50.00")
    yield scene(diary, told(ADA, _USUAL, "£50.00", "£999,901.00"))
    await till.pay(moon)
    yield scene(diary, told(ADA, _USUAL, f"#{moon.id}", "£60.00"))
    await till.refund(moon, "You changed your mind.")
    yield scene(diary, told(ADA, _USUAL, "£60.00"))

    # Agreed on, to be reminded of in an hour; paid in time, and never reminded of.
    in_time = await market.installments.agree(moon, "20.00", remind_in=timedelta(hours=1))
    yield scene(diary, taken_back(ADA))
    await market.installments.pay(in_time)
    yield scene(diary)

    # The second house sends texts for these, by a setting of its own.
    voyage = await market.orders.place(HELENE, "Voyage en ballon", "300.00")
    yield scene(diary, told(HELENE, _USUAL, voyage.topic, mail="300,00 €"))
    await market.installments.agree(voyage, "100.00", number=2)
    yield scene(diary, told(HELENE, "in_app email sms", "100,00 €"))
