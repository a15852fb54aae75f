"""An ordinary day, without end: orders come, are paid, assigned and completed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Final

from psycopg.errors import IntegrityError

from dispatcher.demo.cast import CLIENTS, GUS, WRITERS
from dispatcher.demo.market.marketplace import Marketplace
from dispatcher.demo.market.orders import Order

_SUBJECTS: Final = ("atlas", "history", "field guide", "survey", "catalogue", "almanac", "map")
_MATTERS: Final = (
    "northern lights",
    "paper mills",
    "street lamps",
    "harbour cranes",
    "mountain railways",
    "tea & spices",
    "bells",
    "lichen",
)


async def flow(market: Marketplace) -> AsyncIterator[None]:
    """One transaction after the other, a second or so apart; before each the caller has a say."""
    dice = random.Random()
    open_orders: list[Order] = []
    for number in count():
        yield
        await asyncio.sleep(dice.uniform(0.5, 2.0))
        if len(open_orders) < 3 or dice.random() < 0.3:  # noqa: PLR2004 - there is always something to do
            client = GUS if number % 7 == 0 else dice.choice(CLIENTS)
            topic = f"An {dice.choice(_SUBJECTS)} of {dice.choice(_MATTERS)}"
            topic = topic.replace("An ", "A " if topic[3] not in "aeiou" else "An ", 1)
            amount = f"{dice.randint(15, 900)}.{dice.choice(('00', '50', '95'))}"
            open_orders.append(await market.orders.place(client, topic, amount))
            continue
        order = open_orders[0]
        match dice.choices(
            ("pay", "assign", "complete", "late", "bank", "blunder"), (8, 5, 4, 1, 2, 1)
        ):
            case ["pay"]:
                # Gus cannot: his transactions roll back.
                with suppress(IntegrityError):
                    await market.payments.pay(open_orders.pop(0))
            case ["assign"]:
                writer = WRITERS[order.client.house]
                by = dice.choice((writer, None))
                open_orders[0] = await market.orders.assign(order, writer, by=by)
            case ["complete"]:
                await market.orders.complete(open_orders.pop(0))
            case ["late"]:
                await market.orders.complete(open_orders.pop(0), tell_in=timedelta(seconds=20))
            case ["bank"]:
                await market.payments.hear_of_payment(order, key=f"bank:{order.id}")
            case _:
                await market.payments.blunder(order)
