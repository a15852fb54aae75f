"""Deeds about orders."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Final, LiteralString

from dispatcher.demo.deeds.deed import Deed, Setting
from dispatcher.demo.market import orders
from dispatcher.demo.market.orders import Order

#: How long a completion that is told later can still be taken back.
_LATER: Final = timedelta(seconds=30)
_TOPICS: Final = (
    "Atlas of tidal mills",
    "Night maps of Kyoto",
    "A history of street lamps",
    "Field guide to alpine ferns",
    "Bells of the harbour towns",
    "Almanac of tea & spices",
)


async def some_order(at: Setting, condition: LiteralString = "true") -> Order:
    """The client's latest that is so, or a new one."""
    return await at.market.orders.find(at.client, condition) or await _placed(at)


async def _placed(at: Setting) -> Order:
    amount = f"{random.randint(15, 240)}.{random.choice(('00', '50', '95'))}"
    return await at.market.orders.place(at.client, random.choice(_TOPICS), amount)


async def _place(at: Setting) -> None:
    await _placed(at)


async def _pay(at: Setting) -> None:
    await at.market.payments.pay(await some_order(at, orders.PAYABLE))


async def _pay_more_than_there_is(at: Setting) -> None:
    order = await at.market.orders.place(at.client, "The whole library", "9999999.00")
    await at.market.payments.pay(order)


async def _pay_twice(at: Setting) -> None:
    order = await at.market.orders.find(at.client, orders.PAID)
    if order is None:
        order = await some_order(at, orders.PAYABLE)
        await at.market.payments.pay(order)
    await at.market.payments.pay(order)


async def _assign(at: Setting) -> None:
    order = await some_order(at, orders.UNASSIGNED)
    deadline = datetime.now().astimezone() + timedelta(days=7)
    await at.market.orders.assign(order, at.writer, deadline=deadline)


async def _take(at: Setting) -> None:
    order = await some_order(at, orders.UNASSIGNED)
    await at.market.orders.assign(order, at.writer, by=at.writer)


async def _complete(at: Setting) -> None:
    await at.market.orders.complete(await some_order(at, orders.UNFINISHED))


async def _complete_later(at: Setting) -> None:
    order = await some_order(at, orders.UNFINISHED)
    await at.market.orders.complete(order, tell_in=_LATER)


async def _reopen(at: Setting) -> None:
    order = await at.market.orders.find(at.client, orders.COMPLETED)
    if order is None:
        order = await some_order(at)
        await at.market.orders.complete(order, tell_in=_LATER)
    await at.market.orders.reopen(order)


async def _receipt(at: Setting) -> None:
    await at.market.payments.send_receipt(await some_order(at))


async def _blunder(at: Setting) -> None:
    await at.market.payments.blunder(await some_order(at))


DEEDS: Final = (
    Deed("place", "order.created", "Place an order", "code", _place),
    Deed("pay", "order.paid", "Pay an order", "code", _pay),
    Deed(
        "overspend",
        "order.paid",
        "Pay more than is in the wallet",
        "code",
        _pay_more_than_there_is,
        rolled_back_by="wallet_is_not_overdrawn",
    ),
    Deed(
        "pay-twice",
        "order.paid",
        "Pay an order twice",
        "code",
        _pay_twice,
        rolled_back_by="order_is_paid_once",
    ),
    Deed("receipt", "order.paid", "Force a receipt by e-mail", "code", _receipt),
    Deed("blunder", "order.paid", "Report a payment wrongly", "code", _blunder),
    Deed("assign", "order.assigned", "Assign a writer", "code", _assign),
    Deed("take", "order.assigned", "The writer takes it", "code", _take),
    Deed("complete", "order.completed", "Complete an order", "code", _complete),
    Deed("complete-later", "order.completed", "Complete it, tell in 30 s", "code", _complete_later),
    Deed("reopen", "order.completed", "Reopen it: take that back", "code", _reopen),
)
