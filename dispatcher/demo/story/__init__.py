"""The story that the demo tells: transactions, and what each promises to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator

from dispatcher.demo.market.marketplace import Marketplace
from dispatcher.demo.story.classes import classes
from dispatcher.demo.story.loyalty import loyalty
from dispatcher.demo.story.orders import orders
from dispatcher.demo.story.payments import payments
from dispatcher.demo.story.promise import Scene
from dispatcher.demo.story.tickets import tickets


async def tell(market: Marketplace) -> AsyncIterator[Scene]:
    """Plays the story, scene by scene. All events of the catalogue occur in it."""
    for chapter in (orders, payments, loyalty, classes, tickets):
        async for scene in chapter(market):
            yield scene
